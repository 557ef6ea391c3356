# What is installed, and the Debian packages made of it (tools/package):
#   baton                     the daemon, the tool, a unit of its own
#   baton-snmp                the SNMP agent, with the libraries that nobody else needs
#   baton-keepalived-compat   the name keepalived: a link, a unit, in the place of the package keepalived
include(GNUInstallDirs)

# The packages take what is built; they do not build the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

if(TARGET batond)
  install(TARGETS batond RUNTIME DESTINATION sbin COMPONENT baton)
endif()
if(TARGET baton-snmp)
  install(TARGETS baton-snmp RUNTIME DESTINATION sbin COMPONENT snmp)
  install(FILES docs/man/baton-snmp.8 DESTINATION share/man/man8 COMPONENT snmp)
  install(FILES LICENSE DESTINATION share/doc/baton-snmp RENAME copyright COMPONENT snmp)
endif()
if(TARGET baton)
  install(TARGETS baton RUNTIME DESTINATION bin COMPONENT baton)
endif()
install(FILES packaging/baton.service packaging/baton-runner.socket packaging/baton-runner@.service DESTINATION lib/systemd/system COMPONENT baton)
install(FILES packaging/org.keepalived.Vrrp1.conf DESTINATION share/dbus-1/system.d COMPONENT baton)
install(FILES docs/man/batond.8 DESTINATION share/man/man8 COMPONENT baton)
install(FILES docs/man/baton.1 DESTINATION share/man/man1 COMPONENT baton)
install(FILES docs/configuration.md docs/check.md docs/checks.md docs/plan.md docs/status.md docs/keepalived.md docs/monitoring.md docs/webhooks.md DESTINATION share/doc/baton COMPONENT baton)
install(DIRECTORY docs/runbooks DESTINATION share/doc/baton COMPONENT baton)
install(FILES packaging/prometheus/alerts.yml DESTINATION share/baton/prometheus COMPONENT baton)
install(FILES packaging/grafana/baton.json DESTINATION share/baton/grafana COMPONENT baton)
install(FILES LICENSE DESTINATION share/doc/baton RENAME copyright COMPONENT baton)

# Not with `cmake --install`: nobody loses the keepalived that he has by that.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/packaging)
file(CREATE_LINK batond ${CMAKE_BINARY_DIR}/packaging/keepalived SYMBOLIC)
install(FILES ${CMAKE_BINARY_DIR}/packaging/keepalived DESTINATION sbin COMPONENT compat EXCLUDE_FROM_ALL)
install(FILES packaging/keepalived.service DESTINATION lib/systemd/system COMPONENT compat EXCLUDE_FROM_ALL)
install(FILES docs/man/keepalived.8 DESTINATION share/man/man8 COMPONENT compat EXCLUDE_FROM_ALL)
install(FILES LICENSE DESTINATION share/doc/baton-keepalived-compat RENAME copyright COMPONENT compat EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME baton)
set(CPACK_PACKAGE_CONTACT "Baton developers <baton@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL baton compat)
if(TARGET baton-snmp)
  list(APPEND CPACK_COMPONENTS_ALL snmp)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_BATON_PACKAGE_NAME baton)
set(CPACK_DEBIAN_BATON_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_BATON_PACKAGE_DEPENDS libcurl4)  # loaded when a mail is sent or a webhook told
set(CPACK_DEBIAN_BATON_PACKAGE_RECOMMENDS "libssl3, ca-certificates")  # loaded when a check speaks TLS; believed by tls_verify
set(CPACK_COMPONENT_BATON_DESCRIPTION "passes virtual IP addresses between servers (VRRP)
Reads keepalived.conf, works beside keepalived on the other node, and moves an
address on purpose without losing a packet.")
set(CPACK_DEBIAN_BATON_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/baton/postinst
  ${CMAKE_SOURCE_DIR}/packaging/debian/baton/prerm ${CMAKE_SOURCE_DIR}/packaging/debian/baton/postrm)

set(CPACK_DEBIAN_BATON_PACKAGE_SUGGESTS baton-snmp)

set(CPACK_DEBIAN_SNMP_PACKAGE_NAME baton-snmp)
set(CPACK_DEBIAN_SNMP_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SNMP_PACKAGE_DEPENDS "baton (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_SNMP_DESCRIPTION "Baton's VRRP tables and traps for an SNMP master agent
Serves KEEPALIVED-MIB, VRRP-MIB and VRRPV3-MIB through AgentX where the
configuration has enable_snmp_vrrp, enable_snmp_rfc or their like.")

set(CPACK_DEBIAN_COMPAT_PACKAGE_NAME baton-keepalived-compat)
set(CPACK_DEBIAN_COMPAT_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_COMPAT_PACKAGE_DEPENDS "baton (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_COMPAT_PACKAGE_PROVIDES "keepalived (= 1:2.4.3)")
set(CPACK_DEBIAN_COMPAT_PACKAGE_CONFLICTS keepalived)
set(CPACK_DEBIAN_COMPAT_PACKAGE_REPLACES keepalived)
set(CPACK_COMPONENT_COMPAT_DESCRIPTION "Baton in the place of keepalived
The program /usr/sbin/keepalived and the service keepalived are Baton then, with
the files, signals, pid files and exit codes that scripts and exporters know.")
set(CPACK_DEBIAN_COMPAT_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/compat/postinst
  ${CMAKE_SOURCE_DIR}/packaging/debian/compat/prerm ${CMAKE_SOURCE_DIR}/packaging/debian/compat/postrm)
include(CPack)
