-- rowd's own tables. Made by `rowd init`, or by rowd at its start where the account may.
-- No command can name them: tables whose name begins with rowd_ do not exist for producers.

-- Which commands' effects are committed. A worker has a row for each of its commit markers: every writing transaction ends
-- with an UPDATE of one that is free, so the row and the effects are there together or not at all. InnoDB is therefore
-- not a matter of taste. Behind the markers it has a row for each of its connections, which only says that one's number.
-- Worker ids and queue keys are bytes: two that differ in case only are two.
CREATE TABLE IF NOT EXISTS rowd_slots (
	worker        VARBINARY(64)     NOT NULL COMMENT 'random id of one incarnation of a rowd process',
	slot          SMALLINT UNSIGNED NOT NULL COMMENT 'from 0: the markers, then the connections',
	queues        MEDIUMBLOB        NOT NULL COMMENT 'keys of the queues it still has a part in, each between NUL bytes',
	connection_id BIGINT UNSIGNED   NOT NULL DEFAULT 0 COMMENT 'of a connection: CONNECTION_ID(), for KILL; 0: none',
	former_id     BIGINT UNSIGNED   NOT NULL DEFAULT 0 COMMENT 'the connection_id before that one',
	fenced        BOOLEAN           NOT NULL DEFAULT FALSE COMMENT 'declared dead: nothing it sends may commit',
	batch         BIGINT UNSIGNED   NOT NULL DEFAULT 0 COMMENT 'of a marker: the last batch that was committed with it',
	sequences     MEDIUMBLOB        NOT NULL COMMENT 'claim numbers of that batch whose writes succeeded: 7-518,520',
	PRIMARY KEY (worker, slot),
	UNIQUE KEY rowd_slots_fenced (worker, slot, fenced)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = 'rowd: commit markers';

-- The same for a write that is executed by itself, on MariaDB: to add a row costs a third of what it costs to change one.
-- The foreign key is the fence: while the row of the marker is there and not fenced, this can be added, and who fences the
-- worker, or removes its rows, waits for the transactions that have. Rows go when Redis has forgotten their command,
-- but for the first of each worker, of batch 0: without it this is not the table that its commits went to.
CREATE TABLE IF NOT EXISTS rowd_commits (
	worker    VARBINARY(64)     NOT NULL,
	slot      SMALLINT UNSIGNED NOT NULL COMMENT 'the marker of the batch',
	fenced    BOOLEAN           NOT NULL DEFAULT FALSE COMMENT 'as that of rowd_slots, which it follows',
	batch     BIGINT UNSIGNED   NOT NULL COMMENT 'that was committed, or voided',
	sequences VARBINARY(255)    NOT NULL COMMENT 'claim number of its command; empty: voided',
	PRIMARY KEY (worker, slot, fenced, batch),
	CONSTRAINT rowd_commits_slot FOREIGN KEY (worker, slot, fenced) REFERENCES rowd_slots (worker, slot, fenced)
		ON UPDATE CASCADE ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = 'rowd: commits of single writes';

-- Replies of commands with `once: true`, so that a repeated id is answered and not run again. The id holds its type in
-- its first byte (7 is not "7"), and is compared byte by byte ('a' is not 'A').
CREATE TABLE IF NOT EXISTS rowd_ledger (
	queue       VARBINARY(512) NOT NULL COMMENT 'key of the queue',
	id          VARBINARY(160) NOT NULL COMMENT 'type byte and id',
	fingerprint BINARY(32)     NOT NULL COMMENT 'hash of op and body in canonical form, without the envelope',
	reply       LONGBLOB       NOT NULL COMMENT 'the reply as it was sent',
	at          DATETIME(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'execution; sessions run in UTC',
	PRIMARY KEY (queue, id),
	KEY rowd_ledger_at (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = 'rowd: replies of once';
