/* database/connection_list.c */
#include "daemon/database/connection_list.h"

#include <stddef.h>

void connection_list_remove(struct connection *connection)
{
	struct connection_link *link = connection_link(connection);

	if (!link->list)
		return;
	if (link->previous)
		connection_link(link->previous)->next = link->next;
	else
		link->list->first = link->next;
	if (link->next)
		connection_link(link->next)->previous = link->previous;
	link->list->count--;
	link->list = NULL;
	link->previous = link->next = NULL;
}

void connection_list_put(struct connection_list *list, struct connection *connection)
{
	struct connection_link *link = connection_link(connection);

	connection_list_remove(connection);
	link->next = list->first;
	if (list->first)
		connection_link(list->first)->previous = connection;
	list->first = connection;
	list->count++;
	link->list = list;
}
