# One page out of its parts, and the policy under which a browser runs those parts and nothing else.

# "sha256-..." as Content-Security-Policy names a text.
function(policy_hash result text)
  set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(SHA256 digest "${text}")
  string(APPEND digest "00")  # 33 bytes, so that they are whole groups; the last letter is of nothing
  set(encoded "")
  foreach(at RANGE 0 63 3)  # 12 bits are two letters
    string(SUBSTRING ${digest} ${at} 3 bits)
    math(EXPR high "0x${bits} >> 6")
    math(EXPR low "0x${bits} & 63")
    string(SUBSTRING ${alphabet} ${high} 1 first)
    string(SUBSTRING ${alphabet} ${low} 1 second)
    string(APPEND encoded ${first}${second})
  endforeach()
  string(SUBSTRING ${encoded} 0 43 encoded)
  set(${result} "'sha256-${encoded}='" PARENT_SCOPE)
endfunction()

# web_page(DIRECTORY src/web SCRIPTS a.js b.js PAGE file POLICY file)
# page.html with page.css in the place of @style@ and the scripts in that of @script@; POLICY is for
# Content-Security-Policy.
function(web_page)
  cmake_parse_arguments(page "" "DIRECTORY;PAGE;POLICY" "SCRIPTS" ${ARGN})
  set(directory ${CMAKE_SOURCE_DIR}/${page_DIRECTORY})
  foreach(part page.html page.css ${page_SCRIPTS})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${directory}/${part})
  endforeach()
  file(READ ${directory}/page.html text)
  file(READ ${directory}/page.css style)
  set(script "")
  foreach(part ${page_SCRIPTS})
    file(READ ${directory}/${part} code)
    string(APPEND script "${code}")
  endforeach()
  string(REPLACE "@style@" "${style}" text "${text}")
  string(REPLACE "@script@" "${script}" text "${text}")
  policy_hash(style_hash "${style}")
  policy_hash(script_hash "${script}")
  file(CONFIGURE OUTPUT ${page_PAGE} CONTENT "${text}" @ONLY)
  file(CONFIGURE OUTPUT ${page_POLICY} @ONLY CONTENT
    "default-src 'none'; connect-src 'self'; style-src ${style_hash}; script-src ${script_hash}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
endfunction()
