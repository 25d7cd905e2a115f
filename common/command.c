/* common/command.c */
