/* common/clock.c */
