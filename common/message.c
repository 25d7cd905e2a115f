/* common/message.c */
