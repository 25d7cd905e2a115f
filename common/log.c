/* common/log.c */
