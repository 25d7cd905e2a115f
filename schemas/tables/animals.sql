-- Something to filter, sort and count.
CREATE TABLE IF NOT EXISTS animals (
	id      INT UNSIGNED     NOT NULL AUTO_INCREMENT,
	species VARCHAR(50)      NOT NULL,
	age     TINYINT UNSIGNED NULL,
	name    VARCHAR(100)     NULL,
	PRIMARY KEY (id),
	KEY animals_species (species),
	KEY animals_age (age),
	KEY animals_name (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;
