-- A travel planner: members make plans, plans visit spots. Foreign keys, columns named by reserved words, a key of
-- text, times that the server keeps.

CREATE TABLE IF NOT EXISTS member (
	id           INT UNSIGNED NOT NULL AUTO_INCREMENT,
	email        VARCHAR(190) NOT NULL,
	oauth        ENUM('none', 'google', 'kakao', 'naver') NOT NULL DEFAULT 'none',
	nickname     VARCHAR(50)  NULL,
	sex          ENUM('female', 'male', 'other') NULL,
	birth_year   YEAR         NULL,
	picture_url  VARCHAR(500) NULL,
	access_token VARBINARY(255) NULL,
	created_at   TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
	updated_at   TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	PRIMARY KEY (id),
	UNIQUE KEY member_email (email)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE IF NOT EXISTS spot (
	id              INT UNSIGNED NOT NULL AUTO_INCREMENT,
	kor_name        VARCHAR(200) NOT NULL,
	eng_name        VARCHAR(200) NULL,
	description     TEXT         NULL,
	address         VARCHAR(300) NULL,
	zip             CHAR(5)      NULL,
	url             VARCHAR(500) NULL,
	image_url       VARCHAR(500) NULL,
	latitude        DOUBLE       NOT NULL,
	longitude       DOUBLE       NOT NULL,
	phone_number    VARCHAR(20)  NULL,
	business_status BOOL         NOT NULL DEFAULT TRUE,
	business_hours  VARCHAR(100) NULL,
	PRIMARY KEY (id),
	KEY spot_kor_name (kor_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE IF NOT EXISTS plan (
	id             INT UNSIGNED NOT NULL AUTO_INCREMENT,
	member_id      INT UNSIGNED NOT NULL,
	name           VARCHAR(100) NOT NULL,
	start_date     DATETIME     NOT NULL,
	end_date       DATETIME     NOT NULL,
	main_location  VARCHAR(100) NULL,
	companions     TINYINT UNSIGNED NULL,
	budget         DECIMAL(12, 2) NULL,
	created_at     TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
	updated_at     TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	PRIMARY KEY (id),
	KEY plan_member (member_id),
	CONSTRAINT plan_of_member FOREIGN KEY (member_id) REFERENCES member (id) ON DELETE CASCADE ON UPDATE CASCADE,
	CONSTRAINT plan_dates CHECK (end_date >= start_date)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE IF NOT EXISTS plan_spot_map (
	id        INT UNSIGNED NOT NULL AUTO_INCREMENT,
	plan_id   INT UNSIGNED NOT NULL,
	spot_id   INT UNSIGNED NOT NULL,
	day_x     SMALLINT     NOT NULL COMMENT 'day of the journey, from 1',
	`order`   SMALLINT     NOT NULL COMMENT 'place within the day, from 1',
	spot_time TIME         NULL,
	PRIMARY KEY (id),
	KEY plan_spot_map_plan (plan_id, day_x, `order`),
	KEY plan_spot_map_spot (spot_id),
	CONSTRAINT map_of_plan FOREIGN KEY (plan_id) REFERENCES plan (id) ON DELETE CASCADE ON UPDATE CASCADE,
	CONSTRAINT map_of_spot FOREIGN KEY (spot_id) REFERENCES spot (id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE IF NOT EXISTS checklist (
	code    VARCHAR(40)  NOT NULL,
	item    VARCHAR(200) NOT NULL,
	checked BOOL         NOT NULL DEFAULT FALSE,
	PRIMARY KEY (code)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;
