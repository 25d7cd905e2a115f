#include "tests/queue/harness.h"
int main(void) { return 0; }
