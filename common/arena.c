/* common/arena.c */
