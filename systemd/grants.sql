-- Accounts with the least that each needs. Run as an administrator; replace the database, the hosts and the passwords.

-- The worker: rows of the tables, and of rowd's own. It can neither create nor drop anything, and the catalog it
-- offers to producers is what these grants show it. To end the connections that a dead worker has left behind (KILL) it
-- needs nothing, since they are of the same account: all workers of a database use this one, and nobody else does.
CREATE USER IF NOT EXISTS 'rowd'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT, INSERT, UPDATE, DELETE ON `example`.* TO 'rowd'@'localhost';

-- Where it is to have some tables only: these in place of the line above, and one for each of the tables. Its own are
-- made by `rowd init` first.
-- GRANT SELECT, INSERT, UPDATE, DELETE ON `example`.`rowd_slots` TO 'rowd'@'localhost';
-- GRANT SELECT, INSERT, UPDATE, DELETE ON `example`.`rowd_commits` TO 'rowd'@'localhost';
-- GRANT SELECT, INSERT, UPDATE, DELETE ON `example`.`rowd_ledger` TO 'rowd'@'localhost';
-- GRANT SELECT, INSERT, UPDATE, DELETE ON `example`.`orders` TO 'rowd'@'localhost';

-- MySQL, with triggers on the tables: it hides them from an account that may not make any, and rowd has to know of them
-- to keep the order of what they write to other tables. The account could then make and drop triggers as well.
-- GRANT TRIGGER ON `example`.* TO 'rowd'@'localhost';

-- For `rowd init`, run by hand or at a release: makes rowd's own tables and those of the given files.
CREATE USER IF NOT EXISTS 'rowd_init'@'localhost' IDENTIFIED BY 'change-me-too';
GRANT SELECT, INSERT, CREATE, DROP, ALTER, INDEX, REFERENCES ON `example`.* TO 'rowd_init'@'localhost';
