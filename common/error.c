/* common/error.c */
