/* common/value.c */
