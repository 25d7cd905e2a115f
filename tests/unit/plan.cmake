# Unit tests of plan/.

# The planner without procedures: its tests bring scripted ones, which must not meet the real ones in one program.
set(PLAN_DIR ${PROJECT_SOURCE_DIR}/daemon/plan)
add_library(unit_planner_core STATIC
	fake_ledger.c
	fake_procedure.c
	fake_shared.c
	${PLAN_DIR}/batch.c
	${PLAN_DIR}/batch_ledger.c
	${PLAN_DIR}/batch_marker.c
	${PLAN_DIR}/batch_trouble.c
	${PLAN_DIR}/batch_groups.c
	${PLAN_DIR}/batch_wave.c
	${PLAN_DIR}/footprint.c
	${PLAN_DIR}/footprint_foreign_keys.c
	${PLAN_DIR}/footprint_resources.c
	${PLAN_DIR}/footprint_rules.c
	${PLAN_DIR}/heap.c
	${PLAN_DIR}/job_pool.c
	${PLAN_DIR}/marker.c
	${PLAN_DIR}/park.c
	${PLAN_DIR}/planner.c
	${PLAN_DIR}/planner_choose.c
	${PLAN_DIR}/planner_hold.c
	${PLAN_DIR}/planner_queues.c
	${PLAN_DIR}/ready.c
	${PLAN_DIR}/refusals.c
	${PLAN_DIR}/retry.c
	${PLAN_DIR}/schedule.c
)
target_link_libraries(unit_planner_core PUBLIC rowd_common)
rowd_unit(planner unit_planner_core)
target_sources(unit_planner PRIVATE planner_world.c)
rowd_unit(planner_behind unit_planner_core)
target_sources(unit_planner_behind PRIVATE planner_world.c)
rowd_unit(planner_ledger unit_planner_core)
target_sources(unit_planner_ledger PRIVATE planner_world.c)
rowd_unit(planner_marker unit_planner_core)
target_sources(unit_planner_marker PRIVATE planner_world.c)
rowd_unit(planner_hold unit_planner_core)
target_sources(unit_planner_hold PRIVATE planner_world.c)
rowd_unit(planner_groups unit_planner_core)
target_sources(unit_planner_groups PRIVATE planner_world.c)
rowd_unit(planner_trouble unit_planner_core)
target_sources(unit_planner_trouble PRIVATE planner_world.c)
rowd_unit(batch_groups unit_planner_core)
target_sources(unit_batch_groups PRIVATE planner_world.c)
# Above the planner, and here for its scripts.
rowd_unit(batch_runs unit_planner_core)
target_sources(unit_batch_runs PRIVATE planner_world.c ${PROJECT_SOURCE_DIR}/daemon/engine/batch_runs.c)
target_link_libraries(unit_batch_runs PRIVATE PkgConfig::LIBUV)
rowd_unit(batch_one_statement unit_planner_core)
target_sources(unit_batch_one_statement PRIVATE planner_world.c)
rowd_unit(batch_compound unit_planner_core)
target_sources(unit_batch_compound PRIVATE planner_world.c)
rowd_unit(park unit_planner_core)
target_sources(unit_park PRIVATE planner_world.c)
rowd_unit(planner_large unit_planner_core)
target_sources(unit_planner_large PRIVATE planner_world.c)
rowd_unit(retry unit_planner_core)
rowd_unit(schedule unit_planner_core)
rowd_unit(footprint unit_planner_core)
target_sources(unit_footprint PRIVATE footprint_world.c)
rowd_unit(footprint_foreign_keys unit_planner_core)
target_sources(unit_footprint_foreign_keys PRIVATE footprint_world.c)
rowd_unit_pieces(footprint_foreign_keys)
rowd_unit(policy rowd_plan)
rowd_unit(heap unit_planner_core)
rowd_unit(planner_property unit_planner_core)
target_sources(unit_planner_property PRIVATE planner_database.c planner_draw.c planner_model.c planner_server.c)
rowd_unit(planner_memory unit_planner_core)
rowd_unit_pieces(planner_memory)

# The procedures, with a catalog of their own.
add_library(unit_plan_support STATIC plan_support.c procedure_fixture.c)
target_link_libraries(unit_plan_support PUBLIC rowd_plan PkgConfig::CMOCKA)
rowd_unit(column_default unit_plan_support)
foreach(name literal literal_types literal_refused)
	rowd_unit(${name} unit_plan_support)
	target_sources(unit_${name} PRIVATE literal_fixture.c)
endforeach()
rowd_unit(statements unit_plan_support)
rowd_unit(set_operator unit_plan_support)
rowd_unit(condition unit_plan_support)
rowd_unit(procedure unit_plan_support)
rowd_unit(procedure_memory unit_plan_support)
rowd_unit_pieces(procedure_memory)
rowd_unit(procedure_mysql unit_plan_support)
rowd_unit(procedure_one_statement unit_plan_support)
rowd_unit(procedure_reply unit_plan_support)
rowd_unit(procedure_recovered unit_plan_support)
rowd_unit(ledger unit_plan_support)
rowd_unit(shared unit_plan_support)
rowd_unit(hostile unit_plan_support)
rowd_unit(answer unit_plan_support)
rowd_unit(catalog unit_plan_support)
rowd_unit_pieces(catalog)
