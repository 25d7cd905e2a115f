/* common/buffer.c */
