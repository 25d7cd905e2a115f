/* common/log_sink.c
 *
 * O_NONBLOCK belongs to what a descriptor refers to, which standard error shares with the shell, or with the other
 * programs of a container. So a pipe or a terminal is opened once more, for ourselves; where that is not allowed (it
 * belongs to another user), we look for room before each line, which is as good while nobody else writes. */
#include "common/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum way { WAY_WRITE, WAY_LOOK_FIRST, WAY_SEND };

static struct {
	int descriptor; /* the caller's, or `own` */
	int own;        /* negative: none */
	enum way way;
	bool torn; /* the last line was taken in part: its end is missing */
} sink = {.descriptor = STDERR_FILENO, .own = -1};

static int open_once_more(int descriptor)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void log_sink_open(int descriptor)
{
	struct stat status;

	if (sink.own >= 0)
		close(sink.own);
	sink.descriptor = descriptor;
	sink.own = -1;
	sink.way = WAY_WRITE;
	sink.torn = false;
	if (fstat(descriptor, &status) != 0)
		return;
	if (S_ISSOCK(status.st_mode)) {
		sink.way = WAY_SEND;
	} else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
		sink.own = open_once_more(descriptor);
		if (sink.own >= 0)
			sink.descriptor = sink.own;
		else
			sink.way = WAY_LOOK_FIRST;
	}
}

static ssize_t try_to_write(struct bytes text)
{
	struct pollfd room = {.fd = sink.descriptor, .events = POLLOUT};

	if (sink.way == WAY_SEND)
		return send(sink.descriptor, text.data, text.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sink.way == WAY_LOOK_FIRST && poll(&room, 1, 0) == 0)
		return 0;
	return write(sink.descriptor, text.data, text.size);
}

static ssize_t put(struct bytes text)
{
	ssize_t written;

	do
		written = try_to_write(text);
	while (written < 0 && errno == EINTR);
	return written;
}

bool log_sink_write(struct bytes line)
{
	if (sink.torn && put(BYTES("\n")) != 1)
		return false;

	ssize_t written = put(line);

	sink.torn = written > 0 && (size_t)written < line.size;
	return written == (ssize_t)line.size;
}
