/* plan/footprint_resources.c - resources are hashes of names and values.
 *
 * The primary key's node is the table's own: whoever reads or writes a row by key goes by it anyway. Every other unique
 * key has a node below the table, and so has each foreign key, for the question "does a child refer to this row?". */
#include "daemon/plan/footprint_rules.h"

/* What a resource is the hash of. */
enum resource_kind {
	RESOURCE_EVERYTHING,
	RESOURCE_TABLE,
	RESOURCE_KEY,
	RESOURCE_FOREIGN_KEY,
	RESOURCE_CREATES,
	RESOURCE_ONCE
};

const uint64_t footprint_everything = RESOURCE_EVERYTHING;

/* splitmix64's last step: spreads what multiplication alone leaves in the high bits. */
static uint64_t mix(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	return hash ^ hash >> 31;
}

/* FNV-1a over the text; its size goes in too, so that ("a", "bc") is not ("ab", "c"). */
uint64_t footprint_hash(uint64_t hash, struct bytes bytes)
{
	hash ^= mix(bytes.size + 1);
	for (size_t i = 0; i < bytes.size; i++)
		hash = (hash ^ (unsigned char)bytes.data[i]) * 0x100000001b3u;
	return mix(hash);
}

static uint64_t named(enum resource_kind kind, struct bytes name)
{
	return footprint_hash(mix((uint64_t)kind), name);
}

uint64_t footprint_name_resource(struct bytes name)
{
	return named(RESOURCE_TABLE, name);
}

static uint64_t key_resource(const struct table *table, const struct key *key)
{
	return footprint_hash(named(RESOURCE_KEY, table->name), key->name);
}

static uint64_t foreign_key_resource(const struct foreign_key *foreign_key)
{
	return footprint_hash(named(RESOURCE_FOREIGN_KEY, foreign_key->child->name), foreign_key->name);
}

void footprint_name_resources(struct table *table)
{
	table->resource = named(RESOURCE_TABLE, table->name);
	table->creates_resource = named(RESOURCE_CREATES, table->name);
	for (uint32_t i = 0; i < table->key_count; i++)
		table->keys[i].resource = key_resource(table, &table->keys[i]);
	for (uint32_t i = 0; i < table->foreign_key_count; i++)
		table->foreign_keys[i]->resource = foreign_key_resource(table->foreign_keys[i]);
}

uint64_t footprint_table_resource(const struct table *table)
{
	return table->resource != 0 ? table->resource : named(RESOURCE_TABLE, table->name);
}

uint64_t footprint_creates_resource(const struct table *table)
{
	return table->creates_resource != 0 ? table->creates_resource : named(RESOURCE_CREATES, table->name);
}

uint64_t footprint_once_resource(struct bytes queue, struct bytes id)
{
	return footprint_hash(named(RESOURCE_ONCE, queue), id);
}

uint64_t footprint_key_resource(const struct table *table, const struct key *key)
{
	if (key == table->primary_key)
		return footprint_table_resource(table);
	return key->resource != 0 ? key->resource : key_resource(table, key);
}

uint64_t footprint_foreign_key_resource(const struct foreign_key *foreign_key)
{
	return foreign_key->resource != 0 ? foreign_key->resource : foreign_key_resource(foreign_key);
}

bool footprint_is_null(struct bytes value)
{
	return !value.data && value.size > 0;
}

enum footprint_knowledge footprint_row_knows(const struct key *key, const struct bytes *row, bool creates)
{
	enum footprint_knowledge knowledge = key->exact ? VALUE_KNOWN : VALUE_UNKNOWN;

	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes value = row[key->columns[i]->position];

		if (key->columns[i]->auto_increment && creates && !value.data)
			return VALUE_GENERATED;
		if (footprint_is_null(value))
			return VALUE_ABSENT;
		if (!value.data)
			knowledge = VALUE_UNKNOWN;
	}
	return knowledge;
}

uint64_t footprint_value_resource(const struct table *table, const struct key *key, const struct bytes *row)
{
	uint64_t hash = footprint_key_resource(table, key);

	for (uint32_t i = 0; i < key->column_count; i++)
		hash = footprint_hash(hash, row[key->columns[i]->position]);
	return hash;
}

int footprint_add_value(struct footprint *footprint, const struct table *table, const struct key *key,
			enum footprint_mode intention, uint64_t value, enum footprint_mode mode)
{
	int r = footprint_add(footprint, footprint_key_resource(table, key), intention);

	return r < 0 ? r : footprint_add(footprint, value, mode);
}
