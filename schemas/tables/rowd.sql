-- rowd's own tables. Made by `rowd init`, or by rowd at its start where the account may.
-- No command can name them: tables whose name begins with rowd_ do not exist for producers.

-- One row per worker and database connection: which commands' effects are committed. Every writing transaction ends
-- with an UPDATE of its row, so the row and the effects are there together or not at all. InnoDB is therefore not a
-- matter of taste. Worker ids and queue keys are bytes: two that differ in case only are two.
CREATE TABLE IF NOT EXISTS rowd_slots (
	worker        VARBINARY(64)     NOT NULL COMMENT 'random id of one incarnation of a rowd process',
	slot          SMALLINT UNSIGNED NOT NULL COMMENT 'number of the connection within the worker',
	queues        MEDIUMBLOB        NOT NULL COMMENT 'msgpack array of the keys of the queues it serves',
	connection_id BIGINT UNSIGNED   NOT NULL DEFAULT 0 COMMENT 'CONNECTION_ID(), for KILL; 0: none yet',
	fenced        BOOLEAN           NOT NULL DEFAULT FALSE COMMENT 'declared dead: nothing it sends may commit',
	batch         BIGINT UNSIGNED   NOT NULL DEFAULT 0 COMMENT 'number of the last committed batch of this slot',
	sequences     MEDIUMBLOB        NOT NULL COMMENT 'claim numbers of that batch whose writes succeeded: 7-518,520',
	PRIMARY KEY (worker, slot)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = 'rowd: commit markers';

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
