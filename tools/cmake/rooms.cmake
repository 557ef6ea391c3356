# Rooms: one static library per folder, linking only what it may use (docs/ARCHITECTURE.md).
find_package(PkgConfig REQUIRED)
find_package(CURL REQUIRED)  # its header; src/process/mail_child.cpp loads the library itself
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)  # headers alone; only src/command_line includes them
find_package(Boost 1.81 REQUIRED)  # Beast's HTTP parser, headers alone; only src/http includes it
pkg_check_modules(libevent REQUIRED IMPORTED_TARGET libevent_core)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(openssl REQUIRED IMPORTED_TARGET libssl)  # its headers; src/checker/tls.cpp loads the library itself
pkg_check_modules(libmnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(libnftnl REQUIRED IMPORTED_TARGET libnftnl)
pkg_check_modules(confinement REQUIRED IMPORTED_TARGET libseccomp libcap-ng)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
# Without it there is no baton-snmp, and all else is as it is.
pkg_check_modules(netsnmp IMPORTED_TARGET netsnmp-agent)

add_library(baton_flags INTERFACE)
target_compile_options(baton_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -Wimplicit-fallthrough -Wswitch -Werror -Wno-missing-field-initializers)  # a designated initialiser names what matters
# TRY is a statement expression, the one extension the house uses (docs/decisions/0001).
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(baton_flags INTERFACE -Wno-gnu-statement-expression)
endif()

# precompile_headers(TARGET LIKE flags... HEADERS header...): TARGET keeps a precompiled form of these headers, which other
# targets of the same flags take with REUSE_FROM. It spares clang a third of a build. g++ gains nothing (its precompiled
# headers of 100 MB are mapped anew for every source), so there every source is compiled with what it includes and no
# more, and one that forgot an include is found. None of a room's headers may stand here: the arrows would not hold.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(has_precompiled_headers ON)
endif()
file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
function(precompile_headers target)
  cmake_parse_arguments(precompiled "" "" "LIKE;HEADERS" ${ARGN})
  if(has_precompiled_headers)
    add_library(${target} OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
    target_link_libraries(${target} PRIVATE ${precompiled_LIKE})
    # For ccache: the same headers give the same file.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    target_precompile_headers(${target} PRIVATE ${precompiled_HEADERS})
  endif()
endfunction()
function(use_precompiled_headers target from)
  if(has_precompiled_headers)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()
set(common_headers <algorithm> <array> <charconv> <chrono> <cstdint> <cstring> <expected> <functional> <map> <memory> <optional>
  <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
precompile_headers(common_precompiled LIKE baton_flags fmt::fmt HEADERS ${common_headers})

# add_room(NAME [ROOMS room...] [VALUES room...] [LIBRARIES target...] [DIRECTORY dir])
# VALUES: rooms whose headers are seen and whose code is not linked, for the plain values they declare.
# Sources are every .cpp of the folder but those with a main(); they are listed by the glob so that a new
# file needs no list. A room that has no source yet is an interface.
function(add_room name)
  cmake_parse_arguments(room "" "DIRECTORY" "ROOMS;VALUES;LIBRARIES" ${ARGN})
  if(NOT room_DIRECTORY)
    set(room_DIRECTORY src/${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room_DIRECTORY}/*.cpp)
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/daemon/batond.cpp ${CMAKE_SOURCE_DIR}/src/cli/baton.cpp
    ${CMAKE_SOURCE_DIR}/src/snmp/baton_snmp.cpp ${CMAKE_SOURCE_DIR}/sim/main.cpp)
  list(TRANSFORM room_ROOMS PREPEND baton_)
  if(sources)
    add_library(baton_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(baton_${name} PRIVATE baton_flags)
    use_precompiled_headers(baton_${name} common_precompiled)
  else()
    add_library(baton_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  # Headers are named by room: #include "vrrp/node.h". Each room gets a view of src/ through a folder of its
  # own that holds one link, so that a room which is not linked cannot be included either.
  set(view ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${room_DIRECTORY} ${view}/${name} SYMBOLIC)
  list(TRANSFORM room_VALUES PREPEND ${CMAKE_BINARY_DIR}/rooms/)
  target_include_directories(baton_${name} ${scope} ${view} ${room_VALUES})
  target_link_libraries(baton_${name} ${scope} ${room_ROOMS} ${room_LIBRARIES} fmt::fmt)
endfunction()

# add_program(NAME SOURCE ROOMS room...): skipped until its main() exists.
function(add_program name source)
  cmake_parse_arguments(program "" "" "ROOMS" ${ARGN})
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${source})
    return()
  endif()
  list(TRANSFORM program_ROOMS PREPEND baton_)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${program_ROOMS} baton_flags)
endfunction()

# What no user runs: compiled in little more than half the time.
add_library(baton_test_flags INTERFACE)
target_compile_options(baton_test_flags INTERFACE $<$<CONFIG:RelWithDebInfo>:-O1$<SEMICOLON>-g1>
  $<$<CONFIG:Debug>:-O0> $<$<AND:$<CONFIG:Debug>,$<CXX_COMPILER_ID:Clang>>:-fno-sanitize=fuzzer-no-link>)

precompile_headers(tests_precompiled LIKE baton_flags baton_test_flags fmt::fmt nlohmann_json::nlohmann_json GTest::gtest GTest::gmock
  HEADERS ${common_headers} <filesystem> <fstream> <sstream> <nlohmann/json.hpp> <gmock/gmock.h> <gtest/gtest.h>)

# add_room_tests(ROOM): tests/unit/ROOM/*_test.cpp become the program unit_ROOM.
function(add_room_tests name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(unit_${name} ${sources})
  target_link_libraries(unit_${name} PRIVATE baton_${name} baton_flags baton_test_flags GTest::gtest GTest::gmock
    GTest::gtest_main)
  use_precompiled_headers(unit_${name} tests_precompiled)
  target_include_directories(unit_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(unit_${name} PRIVATE BATON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME unit_${name} COMMAND unit_${name} --gtest_brief=1)
  set_tests_properties(unit_${name} PROPERTIES LABELS unit TIMEOUT 600)
endfunction()

# add_sharded_test(PROGRAM SHARDS LABEL TIMEOUT): a program with many tests that wait for daemons, in so many parts that
# may run at the same time.
function(add_sharded_test program shards label timeout)
  math(EXPR last "${shards} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${program}_${shard} COMMAND ${program} --gtest_brief=1)
    set_tests_properties(${program}_${shard} PROPERTIES LABELS ${label} TIMEOUT ${timeout}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()
