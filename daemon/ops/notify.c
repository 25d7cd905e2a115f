/* ops/notify.c
 *
 * Not sd_notify(): that waits as long as the manager's socket is full. What must arrive is kept until it is taken. */
#include "daemon/ops/notify.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 256 };

/* The last change of our state that the manager has not taken; an older one means nothing any more. */
static char pending[MESSAGE_BYTES];

/* Returns the size of the address that the manager has told, or 0 when it wants to hear nothing. */
static socklen_t find_manager(struct sockaddr_un *ret_address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t size = path ? strlen(path) : 0;

	if (size < 2 || size >= sizeof(ret_address->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, size);
	if (path[0] == '@') /* a name without a file */
		ret_address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* Returns false when the manager has no room for it now. */
static bool try_to_tell(const char *text)
{
	struct sockaddr_un address;
	socklen_t size = find_manager(&address);
	int descriptor = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	if (descriptor < 0)
		return size == 0;
	ssize_t sent = sendto(descriptor, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, size);
	close(descriptor);
	return sent >= 0;
}

static void tell_pending(void)
{
	if (pending[0] && try_to_tell(pending))
		pending[0] = '\0';
}

static void tell_state(const char *text)
{
	snprintf(pending, sizeof(pending), "%s", text);
	tell_pending();
}

void notify_ready(void)
{
	tell_state("READY=1");
}

void notify_reloading(void)
{
	char text[MESSAGE_BYTES];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic_us());
	tell_state(text);
}

void notify_stopping(uint64_t timeout_us)
{
	char text[MESSAGE_BYTES];

	snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, timeout_us);
	tell_state(text);
}

void notify_status(const char *format, ...)
{
	static const char name[] = "STATUS=";
	char text[MESSAGE_BYTES];
	va_list arguments;

	memcpy(text, name, sizeof(name));
	va_start(arguments, format);
	(void)vsnprintf(text + strlen(name), sizeof(text) - strlen(name), format, arguments);
	va_end(arguments);
	tell_pending();
	(void)try_to_tell(text); /* the next one comes soon */
}

uint64_t notify_watchdog_ms(void)
{
	uint64_t watchdog_us = 0;

	return sd_watchdog_enabled(0, &watchdog_us) > 0 ? watchdog_us / 2000 : 0;
}

void notify_alive(void)
{
	(void)try_to_tell("WATCHDOG=1");
}
