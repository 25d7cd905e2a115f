/* common/url.c */
