/* common/writer.c */
