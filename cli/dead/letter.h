/* dead/letter.h - one element of a queue's dead letters: its id, and what is in it. Pure.
 *
 * The id is a hash of the element's bytes. A place in the list would be another one as soon as a letter comes or goes,
 * and Redis gives the elements of a list no names. Elements that are equal byte by byte have one id, and are treated as
 * one. */
#ifndef CLI_DEAD_LETTER_H
#define CLI_DEAD_LETTER_H

#include "cli/glance.h"
#include "common/arena.h"
#include "common/bytes.h"
#include "common/writer.h"

#include <stdbool.h>
#include <stdint.h>

/* Digits of an id: all of them, those that a table shows, and as few as a person may type. Among 10,000 letters two
 * share their first 10 digits once in 20,000 times. */
enum { LETTER_ID_DIGITS = 16, LETTER_ID_SHOWN = 10, LETTER_ID_LEAST = 4 };

/* The first digits of an id, as typed. */
struct letter_prefix {
	uint64_t bits; /* from the top */
	uint32_t digits;
};

struct letter {
	uint64_t id;
	struct bytes raw;
	bool foreign; /* no letter of rowd's, but something that somebody else has put there: all below is empty */
	struct bytes reason, error, worker, command; /* views of raw */
	int64_t attempts;
	int64_t at_ms; /* since 1970, by the clock of Redis */
};

uint64_t letter_id(struct bytes raw);
void letter_write_id(uint64_t id, char to[LETTER_ID_DIGITS + 1]);

/* False when text is not LETTER_ID_LEAST to LETTER_ID_DIGITS hexadecimal digits. */
bool letter_prefix_read(const char *text, struct letter_prefix *ret_prefix);
bool letter_prefix_matches(const struct letter_prefix *prefix, uint64_t id);

/* Reads an element, which the letter points into. The arena serves while it is read. Returns 0, or -ENOMEM. */
int letter_read(struct arena *arena, struct bytes raw, struct letter *ret_letter);

/* As glance_read() of the letter's command; a foreign element has none. */
int letter_read_command(struct arena *arena, const struct letter *letter, struct glance *ret_command);

/* How long ago, in two or three digits and a unit: "0 s", "59 s", "59 min", "47 h", "364 d". */
enum { LETTER_AGE_BYTES = 24 };
void letter_write_age(int64_t age_ms, char to[LETTER_AGE_BYTES]);

/* One line of the table, with so many digits of the ids. What others have written is escaped and cut. */
void letter_write_heading(int digits, struct buffer *out);
void letter_write_line(const struct letter *letter, const struct glance *command, int64_t now_ms, int digits,
		       struct buffer *out);

/* The members of a letter for programs, and how many they are. What a foreign element does not have is null. */
enum { LETTER_MEMBERS = 10 };
void letter_write_members(const struct letter *letter, const struct glance *command, struct writer *writer);

/* For bytes that are no message: 16 to a line, as numbers and as text. At most `most` of them. */
void letter_write_hex(struct bytes bytes, size_t most, struct buffer *out);

#endif
