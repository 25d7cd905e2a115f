-- What the example tables lack: every column type, names that hurt, composite keys, constraints.
-- A statement ends with a semicolon at the end of a line.

CREATE TABLE types (
	id         INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	tiny       TINYINT,
	tiny_u     TINYINT UNSIGNED,
	small      SMALLINT,
	medium     MEDIUMINT,
	whole      INT,
	big        BIGINT,
	big_u      BIGINT UNSIGNED,
	flag       BOOL,
	a_year     YEAR,
	bits       BIT(10),
	bits64     BIT(64),
	price      DECIMAL(10, 2),
	digits     DECIMAL(40, 10),
	single     FLOAT,
	twice      DOUBLE,
	fixed      CHAR(8),
	label      VARCHAR(200),
	body       TEXT,
	long_body  LONGTEXT,
	latin      VARCHAR(50) CHARACTER SET latin1,
	kind       ENUM('red', 'green', 'it''s'),
	kinds      SET('a', 'b', 'c'),
	raw_fixed  BINARY(4),
	raw        VARBINARY(300),
	data       BLOB,
	day        DATE,
	moment     DATETIME,
	moment6    DATETIME(6),
	stamp      TIMESTAMP NULL,
	stamp3     TIMESTAMP(3) NULL,
	span       TIME,
	span6      TIME(6),
	document   JSON
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE `select` (
	`key`      INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	`order`    INT,
	`group`    VARCHAR(20),
	`or`       INT,
	`a b`      INT,
	`tick``s`  INT,
	`it's`     VARCHAR(20),
	`"quoted"` INT,
	`나이`     INT,
	`from.x`   INT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE pair (
	a     INT NOT NULL,
	b     VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	value INT NOT NULL DEFAULT 7,
	PRIMARY KEY (a, b)
) ENGINE = InnoDB;

CREATE TABLE setting (
	scope VARCHAR(20) NOT NULL,
	name  VARCHAR(20) NOT NULL DEFAULT 'all',
	value INT NULL,
	PRIMARY KEY (scope, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE numbered (
	name   VARCHAR(20) NOT NULL PRIMARY KEY,
	number INT NOT NULL AUTO_INCREMENT UNIQUE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE no_key (
	value INT
) ENGINE = InnoDB;

CREATE TABLE tick (
	n    INT,
	`at` INT NOT NULL UNIQUE
) ENGINE = InnoDB;

CREATE TABLE dotted (
	id     INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	`.and` INT,
	`or`   INT,
	`.or`  INT,
	`.x`   INT
) ENGINE = InnoDB;

CREATE TABLE place (
	id    INT NOT NULL PRIMARY KEY,
	point GEOMETRY
) ENGINE = InnoDB;

CREATE TABLE raw_key (
	id    BINARY(16) NOT NULL PRIMARY KEY,
	value INT
) ENGINE = InnoDB;

CREATE TABLE guarded (
	id      INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	n       INT NOT NULL,
	code    VARCHAR(5) NULL,
	doubled INT GENERATED ALWAYS AS (n * 2) STORED,
	CONSTRAINT n_positive CHECK (n > 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE parent (
	id INT NOT NULL PRIMARY KEY
) ENGINE = InnoDB;

CREATE TABLE child (
	id        INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	parent_id INT NULL,
	CONSTRAINT child_of_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE RESTRICT
) ENGINE = InnoDB;

CREATE TABLE unlogged (
	id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	n  INT NOT NULL
) ENGINE = MyISAM;

CREATE VIEW old_animals AS SELECT id, species, age, name FROM animals WHERE age >= 10;

CREATE TABLE numeral (
	id          INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	zero_filled INT(5) ZEROFILL,
	one_bit     BIT(1),
	no_fraction DECIMAL(5, 0),
	huge        DECIMAL(65, 30),
	positive    DECIMAL(5, 2) UNSIGNED,
	short_float FLOAT(7, 3),
	short_real  DOUBLE(9, 2),
	no_sign     FLOAT UNSIGNED
) ENGINE = InnoDB;

CREATE TABLE writing (
	id          INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	fixed       CHAR(5),
	bound       VARCHAR(5),
	tiny        TINYTEXT,
	tiny_latin  TINYTEXT CHARACTER SET latin1,
	ascii_only  VARCHAR(10) CHARACTER SET ascii,
	three_bytes VARCHAR(10) CHARACTER SET utf8mb3,
	wide        VARCHAR(10) CHARACTER SET utf16,
	of_bytes    VARCHAR(10) CHARACTER SET binary,
	choice      ENUM('a', 'B', '1', '3', '', 'x y', 'it''s', '김', 'é', ' lead', 'c,d', 'back\\slash', 'q"q', 'x'',''7'),
	several     SET('a', 'b', '1', 'x y', 'it''s', '김'),
	area        GEOMETRY,
	dot         POINT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_general_ci;

CREATE TABLE moments (
	id      INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	day     DATE,
	at      DATETIME,
	at1     DATETIME(1),
	at3     DATETIME(3),
	at6     DATETIME(6),
	stamp   TIMESTAMP NULL,
	stamp6  TIMESTAMP(6) NULL,
	span    TIME,
	span3   TIME(3),
	span6   TIME(6),
	touched DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB;

CREATE TABLE set_key (
	id    SET('a', 'b', 'c') NOT NULL PRIMARY KEY,
	value INT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE char_key (
	id    CHAR(5) NOT NULL PRIMARY KEY,
	value INT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE real_key (
	id    DOUBLE(7, 2) NOT NULL PRIMARY KEY,
	value INT
) ENGINE = InnoDB;

CREATE TABLE preset (
	id       INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	none     INT,
	number   INT NOT NULL DEFAULT -3,
	digits   DECIMAL(5, 2) DEFAULT 1.5,
	bits     BIT(4) DEFAULT b'101',
	quoted   VARCHAR(20) DEFAULT 'it''s',
	blank    VARCHAR(20) DEFAULT '',
	null_    VARCHAR(20) DEFAULT 'NULL',
	slashes  VARCHAR(20) DEFAULT 'a\\b\nc',
	chosen   ENUM('a', 'b') DEFAULT 'b',
	day      DATE DEFAULT '2020-01-01',
	now_     DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
	bytes    VARBINARY(5) DEFAULT 'ab',
	computed VARCHAR(40) DEFAULT (concat('it''s', 'x')),
	sum_     INT DEFAULT (1 + 2),
	document JSON DEFAULT ('{}'),
	virtual_ INT GENERATED ALWAYS AS (number + 1) VIRTUAL,
	stored_  INT GENERATED ALWAYS AS (number + 2) STORED
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

ALTER TABLE preset ADD COLUMN hidden INT DEFAULT 3 INVISIBLE;

CREATE TABLE triggered (
	id    INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	value INT
) ENGINE = InnoDB;

CREATE TRIGGER sets_the_key BEFORE INSERT ON triggered FOR EACH ROW SET NEW.id = 100 + NEW.value;

CREATE TABLE moved (
	id    INT NOT NULL PRIMARY KEY,
	value INT
) ENGINE = InnoDB;

CREATE TRIGGER moves_the_key BEFORE INSERT ON moved FOR EACH ROW SET NEW.id = 100 + NEW.id;

CREATE TABLE short_lived (
	id INT NOT NULL PRIMARY KEY
) ENGINE = InnoDB;

CREATE VIEW of_two AS SELECT child.id, child.parent_id, parent.id AS of_parent FROM child JOIN parent ON parent.id = child.parent_id;

CREATE VIEW counted AS SELECT species, COUNT(*) AS number, SUM(age) AS years, AVG(age) AS mean FROM animals GROUP BY species;

CREATE VIEW computed AS SELECT id, age * 2 AS twice, age / 3 AS third, CONCAT(species, '!') AS loud, NULL AS nothing, 1e0 AS one, x'00ff' AS raw, age > 3 AS old FROM animals;

CREATE VIEW of_view AS SELECT * FROM old_animals;

CREATE VIEW orphaned AS SELECT * FROM short_lived;

DROP TABLE short_lived;
