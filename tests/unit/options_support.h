/* options_support.h - loads options from files and words, and keeps what was said against them. */
#ifndef UNIT_OPTIONS_SUPPORT_H
#define UNIT_OPTIONS_SUPPORT_H

#include "daemon/options.h"
#include "tests/support/unit.h"

extern char directory[];                       /* temporary; the files below are in it */
extern char conf[64], env[64], credential[64]; /* rowd.conf, .env, database_url */
extern char problems[8192];                    /* "where|what|hint\n" of the last load */
extern char database_argument[];

void write_file(const char *path, const char *text);
void note_problem(void *context, const struct options_problem *problem);

/* Loads with conf, the word given and a database URL. Returns NULL when problems were found. */
struct options *load(const char *text, const char *word);
struct options *load_fine(const char *text, const char *word);

/* One problem, and this one. */
void refuses(const char *text, const char *word, const char *expected);

/* A problem, whose where, what and hint begin so. */
void refuses_like(const char *text, const char *word, const char *start);

/* Empties the environment. */
int options_set_up(void **state);

/* The directory, for all tests of a program. */
int options_open(void **state);
int options_close(void **state);

#endif
