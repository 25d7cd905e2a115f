-- Provinces of Korea and their cities and counties; the rows are in examples/data/administrative_division.csv.
-- The names are the key, compared exactly.
CREATE TABLE IF NOT EXISTS administrative_division (
	city_province VARCHAR(50) NOT NULL,
	city_county   VARCHAR(50) NOT NULL,
	PRIMARY KEY (city_province, city_county)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
