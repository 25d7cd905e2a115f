/* database/connection_list.h - the lists whose membership is a connection's state in the pool. */
#ifndef DATABASE_CONNECTION_LIST_H
#define DATABASE_CONNECTION_LIST_H

#include "daemon/database/connection.h"

struct connection_list {
	struct connection *first;
	uint32_t count;
};

/* Puts it at the front, out of the list that it was in: the one used last is used next, and the others can grow old. */
void connection_list_put(struct connection_list *list, struct connection *connection);

/* Takes it out of its list; legal when it is in none. */
void connection_list_remove(struct connection *connection);

static inline struct connection *connection_list_next(struct connection *connection)
{
	return connection_link(connection)->next;
}

#endif
