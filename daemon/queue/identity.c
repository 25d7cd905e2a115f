/* queue/identity.c */
#include "daemon/queue/identity.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

enum { MODE_BYTES = 4, RANDOM_BYTES = 16 };

static const char exactly_once_mode[] = "exo-", at_least_once_mode[] = "alo-";

void identity_name(const char *id, bool exactly_once, char ret_name[IDENTITY_BYTES])
{
	snprintf(ret_name, IDENTITY_BYTES, "%s%s", exactly_once ? exactly_once_mode : at_least_once_mode,
		 id + MODE_BYTES);
}

bool identity_is_exactly_once(const char *name)
{
	return strncmp(name, exactly_once_mode, MODE_BYTES) == 0;
}

static int make_id(bool exactly_once, char id[IDENTITY_BYTES])
{
	unsigned char random[RANDOM_BYTES];
	char *to = id;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return errno ? -errno : -EIO;
	to += snprintf(to, IDENTITY_BYTES, "%s", exactly_once ? exactly_once_mode : at_least_once_mode);
	for (size_t i = 0; i < sizeof(random); i++)
		to += snprintf(to, 3, "%02x", random[i]);
	return 0;
}

/* What is read here becomes a part of key names: only what make_id() can have made counts. */
static void read_predecessor(struct identity *identity)
{
	char text[IDENTITY_BYTES] = "";
	ssize_t size = pread(identity->descriptor, text, sizeof(text) - 1, 0);

	if (size <= MODE_BYTES ||
	    (!identity_is_exactly_once(text) && strncmp(text, at_least_once_mode, MODE_BYTES) != 0))
		return;
	size_t length = MODE_BYTES + strspn(text + MODE_BYTES, "0123456789abcdef");
	if (length == MODE_BYTES + 2 * RANDOM_BYTES) {
		text[length] = '\0';
		snprintf(identity->predecessor, sizeof(identity->predecessor), "%s", text);
	}
}

static void write_id(struct identity *identity)
{
	size_t length = strlen(identity->id);

	if (identity->descriptor < 0)
		return;
	if (ftruncate(identity->descriptor, 0) ||
	    pwrite(identity->descriptor, identity->id, length, 0) != (ssize_t)length)
		log_event(LEVEL_WARNING, "worker.id_not_kept", log_text("why", strerror(errno)));
}

static int open_locked(const char *directory)
{
	char path[4096];

	if (!directory || !directory[0])
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s/worker.id", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		return -errno;
	if (flock(descriptor, LOCK_EX | LOCK_NB)) {
		int failure = -errno;
		close(descriptor);
		return failure;
	}
	return descriptor;
}

int identity_open(struct identity *identity, const char *directory, bool exactly_once)
{
	*identity = (struct identity){.descriptor = -1, .exactly_once = exactly_once};
	int failure = make_id(exactly_once, identity->id);
	if (failure)
		return failure;
	identity->descriptor = open_locked(directory);
	if (identity->descriptor < 0) {
		log_event(LEVEL_WARNING, "worker.id_not_kept", log_text("directory", directory ? directory : ""),
			  log_text("why", identity->descriptor == -EWOULDBLOCK ? "another rowd keeps its id there"
									       : strerror(-identity->descriptor)),
			  log_text("hint", "a restart has to wait for the lease to end; set a runtime directory of "
					   "its own"));
		identity->descriptor = -1;
		return 0;
	}
	read_predecessor(identity);
	/* The file still names the predecessor: it is overwritten only once that one is recovered. */
	if (!identity->predecessor[0])
		write_id(identity);
	return 0;
}

int identity_renew(struct identity *identity)
{
	char old[IDENTITY_BYTES];

	snprintf(old, sizeof(old), "%s", identity->id);
	int failure = make_id(identity->exactly_once, identity->id);
	/* The file names it still. */
	if (!failure && !identity->predecessor[0])
		snprintf(identity->predecessor, sizeof(identity->predecessor), "%s", old);
	return failure;
}

void identity_settle(struct identity *identity)
{
	identity->predecessor[0] = '\0';
	write_id(identity);
}

void identity_forget(struct identity *identity)
{
	if (identity->predecessor[0])
		return;
	if (identity->descriptor >= 0 && ftruncate(identity->descriptor, 0))
		log_event(LEVEL_DEBUG, "worker.id_not_kept", log_text("why", strerror(errno)));
}

void identity_close(struct identity *identity)
{
	if (identity->descriptor >= 0)
		close(identity->descriptor);
	identity->descriptor = -1;
}
