/* database/bookkeeping_text.c */
#include "daemon/database/bookkeeping_text.h"

#include "daemon/plan/sql/literal.h"

#include <inttypes.h>

void bookkeeping_write_queues(struct buffer *to, const char *const *queues, uint32_t count)
{
	buffer_append_byte(to, '\0');
	for (uint32_t i = 0; i < count; i++) {
		buffer_append_text(to, queues[i]);
		buffer_append_byte(to, '\0');
	}
}

/* Begins a statement. */
static void write_first(struct buffer *to, const char *text)
{
	buffer_reset(to);
	buffer_append_text(to, text);
}

static void append_worker(struct buffer *to, const char *worker)
{
	literal_append_hexadecimal(to, bytes_of(worker));
}

void bookkeeping_write_row(struct buffer *to, const char *worker, uint32_t slot, struct bytes queues,
			   uint64_t connection_id)
{
	write_first(to, "INSERT INTO rowd_slots (worker, slot, queues, connection_id, sequences) VALUES (");
	append_worker(to, worker);
	buffer_format(to, ", %" PRIu32 ", ", slot);
	literal_append_hexadecimal(to, queues);
	buffer_format(to, ", %" PRIu64 ", '') ON DUPLICATE KEY UPDATE connection_id = %" PRIu64, connection_id,
		      connection_id);
}

void bookkeeping_write_first_commit(struct buffer *to, const char *worker)
{
	write_first(to, "INSERT IGNORE INTO rowd_commits (worker, slot, batch, sequences) VALUES (");
	append_worker(to, worker);
	buffer_append_text(to, ", 0, 0, '')");
}

void bookkeeping_write_connection(struct buffer *to, const char *worker, uint32_t slot, uint64_t connection_id)
{
	/* Assignments take effect from left to right. */
	write_first(to, "UPDATE rowd_slots SET former_id = IF(connection_id = 0, former_id, connection_id), ");
	buffer_format(to, "connection_id = %" PRIu64 " WHERE worker = ", connection_id);
	append_worker(to, worker);
	buffer_format(to, " AND slot = %" PRIu32 " AND connection_id <> %" PRIu64, slot, connection_id);
}

void bookkeeping_write_fence(struct buffer *to, const char *worker)
{
	write_first(to, "UPDATE rowd_slots SET fenced = 1 WHERE worker = ");
	append_worker(to, worker);
}

void bookkeeping_write_sequences(struct buffer *to, const char *worker)
{
	write_first(to, "SELECT sequences, 0 FROM rowd_slots WHERE worker = ");
	append_worker(to, worker);
	buffer_append_text(to, " UNION ALL SELECT sequences, batch = 0 FROM rowd_commits WHERE worker = ");
	append_worker(to, worker);
}

static void append_row(struct buffer *to, const char *worker, uint32_t slot)
{
	buffer_append_text(to, "worker = ");
	append_worker(to, worker);
	buffer_format(to, " AND slot = %" PRIu32, slot);
}

void bookkeeping_write_marker(struct buffer *to, const char *worker, const struct bookkeeping_marker *marker,
			      bool locked)
{
	if (marker->is_commit) {
		write_first(to,
			    "SELECT s.fenced, COALESCE(c.batch, 0), COALESCE(c.sequences, '') <> '' FROM rowd_slots s "
			    "JOIN rowd_commits f ON f.worker = s.worker AND f.slot = 0 AND f.fenced = s.fenced AND "
			    "f.batch = 0 LEFT JOIN rowd_commits c ON c.worker = s.worker AND c.slot = s.slot AND "
			    "c.fenced = s.fenced AND c.batch = ");
		buffer_format(to, "%" PRIu64 " WHERE s.worker = ", marker->batch);
		append_worker(to, worker);
		buffer_format(to, " AND s.slot = %" PRIu32, marker->slot);
	} else {
		write_first(to, "SELECT fenced, batch, sequences <> '' FROM rowd_slots WHERE ");
		append_row(to, worker, marker->slot);
	}
	buffer_append_text(to, locked ? " FOR UPDATE" : "");
}

void bookkeeping_write_void(struct buffer *to, const char *worker, const struct bookkeeping_marker *marker)
{
	write_first(to, "INSERT INTO rowd_commits (worker, slot, batch, sequences) VALUES (");
	append_worker(to, worker);
	buffer_format(to, ", %" PRIu32 ", %" PRIu64 ", '')", marker->slot, marker->batch);
}

void bookkeeping_write_strike(struct buffer *to, const char *worker, const char *queue)
{
	write_first(to, "UPDATE rowd_slots SET queues = REPLACE(queues, CONCAT(x'00', ");
	literal_append_hexadecimal(to, bytes_of(queue));
	buffer_append_text(to, ", x'00'), x'00') WHERE worker = ");
	append_worker(to, worker);
}

void bookkeeping_write_removal(struct buffer *to, const char *worker)
{
	write_first(to, "DELETE FROM rowd_slots WHERE worker = ");
	append_worker(to, worker);
	buffer_append_text(to, " AND queues = x'00'");
}

void bookkeeping_write_sleepers(struct buffer *to, const char *worker, uint32_t least_s)
{
	write_first(to, "SELECT DISTINCT p.ID AS id FROM information_schema.PROCESSLIST p JOIN rowd_slots s "
			"ON p.ID IN (s.connection_id, s.former_id) JOIN information_schema.PROCESSLIST own "
			"ON own.ID = CONNECTION_ID() AND own.USER = p.USER AND own.DB = p.DB WHERE s.worker = ");
	append_worker(to, worker);
	buffer_format(to, " AND p.COMMAND = 'Sleep' AND p.TIME >= %" PRIu32, least_s);
}

void bookkeeping_write_forget(struct buffer *to, const char *worker, uint64_t below, uint32_t most_rows)
{
	write_first(to, "DELETE FROM rowd_commits WHERE worker = ");
	append_worker(to, worker);
	buffer_format(to, " AND batch < %" PRIu64 " AND sequences <> '' LIMIT %" PRIu32, below, most_rows);
}

void bookkeeping_write_purge(struct buffer *to, uint32_t older_than_s, uint32_t most_rows)
{
	write_first(to, "DELETE FROM rowd_ledger WHERE at < CURRENT_TIMESTAMP(3) - INTERVAL ");
	buffer_format(to, "%" PRIu32 " SECOND ORDER BY at LIMIT %" PRIu32, older_than_s, most_rows);
}
