-- An account per row, one e-mail address each.
CREATE TABLE IF NOT EXISTS users (
	id    INT UNSIGNED NOT NULL AUTO_INCREMENT,
	name  VARCHAR(100) NOT NULL,
	email VARCHAR(190) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY users_email (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;
