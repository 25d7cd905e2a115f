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
