/* queue/outcomes.c - how commands leave: answered, given back, or dropped; and what each of these frees. */
#include "daemon/queue/worker.h"

#include "daemon/queue/state.h"

void worker_end_alone(struct holding *holding)
{
	holding->queue->held_alone -= holding->alone;
	holding->alone = false;
}

void worker_drop(struct holding *holding)
{
	struct worker_queue *queue = holding->queue;

	queue->held--;
	worker_end_alone(holding);
	holdings_remove(&queue->worker->holdings, holding);
}

void worker_release(struct holding *holding)
{
	struct worker *worker = holding->queue->worker;
	uint32_t marker = holding->marker;

	worker->counts.acknowledged++;
	worker->changed_due = true;
	worker_drop(holding);
	if (marker != WORKER_NO_MARKER)
		worker->events.released(worker->context, marker);
}

/* NULL for a claim of an earlier incarnation, and for one whose outcome is known already. */
static struct holding *find_open(const struct worker *worker, const struct claim *claim)
{
	struct holding *holding = NULL;

	if (claim->incarnation == worker->incarnation)
		holding = holdings_find(&worker->holdings, claim->number);
	return holding && !holding->list ? holding : NULL;
}

/* Not even the reply could be kept. The command runs again, as after a crash; or, where its effect is committed, it is
 * handed up again to be answered, and holds its marker until it is. */
static void not_kept(struct holding *holding)
{
	struct worker_queue *queue = holding->queue;

	if (holding_is_committed(holding)) {
		holding_move(holding, &queue->unanswered);
		queue->intake.reconcile_due = true;
		return;
	}
	intake_lost(queue, holding->number, 1);
	worker_drop(holding);
}

void worker_finish(struct worker *worker, const struct claim *claim, const struct outcome *outcome)
{
	struct holding *holding = find_open(worker, claim);

	if (!holding)
		return;
	struct worker_queue *queue = holding->queue;
	if (outcome->marker != WORKER_NO_MARKER)
		holding->marker = outcome->marker;
	if (holding_answer(holding, outcome) < 0) {
		not_kept(holding);
		return;
	}
	*(outcome->failed ? &queue->uncounted.errors : &queue->uncounted.ok) += 1;
	outbox_add(worker, holding);
	worker_touch(worker);
}

void worker_give_back(struct worker *worker, const struct claim *claim)
{
	struct holding *holding = find_open(worker, claim);

	/* What has taken effect stays in flight, for recovery: given back it would run again. */
	if (!holding || holding_is_committed(holding))
		return;
	holding_move(holding, &holding->queue->going_back);
	worker_touch(worker);
}
