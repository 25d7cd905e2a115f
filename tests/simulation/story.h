/* tests/simulation/story.h - commands of all kinds and whatever may happen to them, always the same: for faults that
 * are to strike each place once, see shortage.h. */
#ifndef SIMULATION_STORY_H
#define SIMULATION_STORY_H

/* In a world of scenario_for_story(). In the end nothing is left to be done, and all processes are at work. */
void story_tell(void);

#endif
