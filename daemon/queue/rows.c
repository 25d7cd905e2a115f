/* queue/rows.c - what a worker asks of the rows by which the database knows what was committed: to make its own, what
 * those of a dead worker say, to forget them. Whoever is above asks the database; one question of a kind at a time. */
#include "common/crash_point.h"
#include "daemon/queue/state.h"

#include <stdio.h>
#include <string.h>

enum {
	ENROLL_EVERY_MS = 1000,
	INQUIRE_AGAIN_MS = 500, /* when the database could not be asked */
	DISMISS_WAIT_MS = 5000, /* after that another one may be asked about */
};

static bool wants_inquiry(const struct worker_queue *queue)
{
	return queue->recovery.phase == RECOVERY_INQUIRE;
}

static void inquire(struct worker *worker)
{
	struct rows *rows = &worker->rows;

	/* In turn: the one that nothing can be told of, as long as a lock is in the way, keeps back no other. */
	for (uint32_t i = 0; i < worker->queue_count; i++) {
		uint32_t index = (rows->inquiry_turn + i) % worker->queue_count;

		if (!wants_inquiry(&worker->queues[index]))
			continue;
		rows->inquiry_turn = index + 1;
		snprintf(rows->inquired, sizeof(rows->inquired), "%s", worker->queues[index].recovery.dead);
		rows->inquiring = true;
		if (worker->events.inquire)
			worker->events.inquire(worker->context, rows->inquired);
		else
			worker_told(worker, rows->inquired, WORKER_UNKNOWN, NULL);
		return;
	}
}

void rows_step(struct worker *worker, uint64_t now_ms)
{
	struct rows *rows = &worker->rows;

	if (worker->stopping)
		return;
	if (worker->identity.exactly_once && !rows->enrolled && now_ms >= rows->enroll_at_ms) {
		rows->enroll_at_ms = now_ms + ENROLL_EVERY_MS;
		worker->events.enroll(worker->context);
	}
	if (!rows->inquiring && now_ms >= rows->inquire_at_ms)
		inquire(worker);
}

void worker_enrolled(struct worker *worker, const char *id)
{
	if (strcmp(id, worker->identity.id) != 0)
		return;
	CRASH_POINT("enrollment.answered");
	worker->rows.enrolled = true;
	worker_touch(worker);
}

void worker_told(struct worker *worker, const char *dead, enum worker_fate fate, const struct ranges *done)
{
	struct rows *rows = &worker->rows;

	if (!rows->inquiring || strcmp(dead, rows->inquired) != 0)
		return;
	rows->inquiring = false;
	rows->inquire_at_ms = fate == WORKER_UNREACHABLE ? worker_now() + INQUIRE_AGAIN_MS : 0;
	/* Queues that it has held something of may have come to the same question meanwhile. */
	for (uint32_t i = 0; i < worker->queue_count; i++)
		if (wants_inquiry(&worker->queues[i]) && strcmp(worker->queues[i].recovery.dead, dead) == 0)
			recovery_told(&worker->queues[i], fate, done);
	worker_touch(worker);
}

bool rows_dismiss(struct worker_queue *queue, const char *name)
{
	struct worker *worker = queue->worker;
	struct rows *rows = &worker->rows;
	uint64_t now_ms = worker_now();

	if (rows->dismissing && now_ms < rows->dismiss_until_ms)
		return false;
	rows->dismissing = true;
	rows->dismissal_confirmed = false;
	rows->dismiss_until_ms = now_ms + DISMISS_WAIT_MS;
	rows->dismissed_queue = queue->index;
	snprintf(rows->dismissed, sizeof(rows->dismissed), "%s", name);
	if (worker->events.dismiss)
		worker->events.dismiss(worker->context, rows->dismissed, queue->keys.list);
	return true;
}

void worker_dismissed(struct worker *worker, const char *id, const char *queue)
{
	struct rows *rows = &worker->rows;

	if (!rows->dismissing || strcmp(id, rows->dismissed) != 0 ||
	    strcmp(queue, worker->queues[rows->dismissed_queue].keys.list) != 0)
		return;
	rows->dismissal_confirmed = true;
	worker_touch(worker);
}

bool rows_take_dismissed(struct worker_queue *queue, char ret_name[IDENTITY_BYTES])
{
	struct rows *rows = &queue->worker->rows;

	if (!rows->dismissal_confirmed || rows->dismissed_queue != queue->index)
		return false;
	snprintf(ret_name, IDENTITY_BYTES, "%s", rows->dismissed);
	rows->dismissing = rows->dismissal_confirmed = false;
	return true;
}
