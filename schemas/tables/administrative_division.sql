-- Provinces of Korea and their cities and counties; the rows are in examples/data/administrative_division.csv.
-- The key is a number because that list names one pair twice.
CREATE TABLE IF NOT EXISTS administrative_division (
	id            INT UNSIGNED NOT NULL AUTO_INCREMENT,
	city_province VARCHAR(50)  NOT NULL,
	city_county   VARCHAR(50)  NOT NULL,
	PRIMARY KEY (id),
	KEY administrative_division_names (city_province, city_county)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
