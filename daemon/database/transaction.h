/* database/transaction.h - the conversation of one transaction with the server, over the suspendable calls of one
 * connection. It decides nothing: what to send, and whether to commit, it is told by the events. */
#ifndef DATABASE_TRANSACTION_H
#define DATABASE_TRANSACTION_H

#include "daemon/database/call.h"
#include "daemon/database/pool.h"

/* At most so many bytes of statements are sent before their answers are read: more, and both sides can block in
 * write. A statement that is larger is sent alone. Each is charged for what the kernel adds to a packet: its buffers
 * hold 208 KiB of packets, headers included, so that 500 small statements filled them with 80 KiB of text. */
enum { TRANSACTION_OUTSTANDING_BYTES = 64 * 1024, TRANSACTION_PACKET_BYTES = 1024 };

enum transaction_state {
	TRANSACTION_SETTING,    /* the session's limit on time is to be set, or is on its way */
	TRANSACTION_SET,        /* the answer to that is to be read */
	TRANSACTION_ASKING,     /* next() is to be asked */
	TRANSACTION_SENDING,    /* a chunk of the wave's statements */
	TRANSACTION_RELEASING,  /* COMMIT behind a wave is to be sent, or is on its way */
	TRANSACTION_ANSWERING,  /* reading the heads of their answers */
	TRANSACTION_FETCHING,   /* reading the rows of one */
	TRANSACTION_RELEASED,   /* the answer to the COMMIT behind the wave is to be read */
	TRANSACTION_ENDING,     /* COMMIT or ROLLBACK is to be sent, or is on its way */
	TRANSACTION_CONFIRMING, /* its answer is to be read */
	TRANSACTION_OVER,
};

enum transaction_release { RELEASE_NONE, RELEASE_WANTED, RELEASE_SENT, RELEASE_DONE };

struct transaction_settings {
	enum server_kind server;
	enum echo_mode echo;
	uint64_t packet_bytes;   /* the session's max_allowed_packet; it keeps the one that it was opened with */
	uint32_t new_timeout_ms; /* how long a statement may run from now on; 0: as before */
};

enum { TRANSACTION_SETTING_BYTES = 64 };

struct transaction {
	enum transaction_state state;
	struct transaction_events events;
	void *context;
	struct call *call;
	struct transaction_settings settings;
	char setting[TRANSACTION_SETTING_BYTES]; /* the statement of SETTING */
	const struct statement *statements;      /* of this wave */
	size_t count, sent, answered;
	size_t outstanding_bytes;
	bool follows;  /* COMMIT of the one before it was not answered yet */
	uint64_t rows; /* of the answer that is being read */
	bool rows_unwanted;
	uint64_t since_us; /* for echo: the last answer's end */
	bool commits;
	bool compound;                    /* the wave commits by itself, and has not been answered to the end */
	enum transaction_release release; /* COMMIT behind the wave */
	bool releases_write;              /* which may have changed something */
	enum transaction_end end;         /* when OVER, or when a step was BROKEN */
	struct sql_error error;           /* valid when BROKEN */
	struct sql_error trouble;         /* the last error that concerns the server as a whole; number 0: none */
};

enum transaction_progress {
	PROGRESS_ON,         /* another step can be taken at once */
	PROGRESS_WAIT,       /* the call is suspended */
	PROGRESS_COMMITTING, /* as ON; COMMIT was sent just now: transaction_follow() is possible */
	PROGRESS_OVER,       /* committed or rolled back; transaction_tell_end() is due */
	PROGRESS_BROKEN,     /* the connection is of no use any more; it is due as well */
};

/* A statement that is too long for the session is not sent, since the server would cut the connection: it fails as the
 * command's own fault. */
void transaction_begin(struct transaction *transaction, const struct transaction_events *events, void *context,
		       struct call *call, const struct transaction_settings *settings);

/* Begins another one, whose first statements are sent behind the COMMIT of this one: transaction_step(ret_follower) as
 * long as transaction_sends_ahead(). The other steps of it come after transaction_take_over(). */
void transaction_follow(const struct transaction *transaction, void *context, struct transaction *ret_follower);
bool transaction_sends_ahead(const struct transaction *follower);

/* COMMIT of the one before it was answered. */
void transaction_take_over(struct transaction *follower);

/* Takes one step: starts one call, or takes in what a finished one brought. */
enum transaction_progress transaction_step(struct transaction *transaction);

/* Whether a statement was sent that the server has not answered to the end. */
bool transaction_awaits_statement(const struct transaction *transaction);

/* The connection was lost, or is being given up, for the reason in error: sets the end, LOST, DROPPED or IN_DOUBT. */
void transaction_break(struct transaction *transaction, const struct sql_error *error);

/* Tells ended(), and before it failed() for the statement that was being answered when the connection broke.
 * blame: false when the connection was not lost but closed by ourselves: no statement is at fault. */
void transaction_tell_end(struct transaction *transaction, bool blame);

#endif
