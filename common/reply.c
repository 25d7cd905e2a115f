/* common/reply.c */
