/* common/scan.c */
