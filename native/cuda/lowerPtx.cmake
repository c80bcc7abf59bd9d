# cmake -DFROM=a.ptx -DTO=b.ptx -DVERSION=7.4 -P lowerPtx.cmake: the same PTX under an older version's name. It holds as
# long as no newer instruction is used, which the ptxas that then reads it checks.
file(READ "${FROM}" TEXT)
string(REGEX REPLACE "\n\\.version [0-9.]+" "\n.version ${VERSION}" LOWERED "${TEXT}")
if(LOWERED STREQUAL TEXT AND NOT TEXT MATCHES "\n\\.version ${VERSION}")
  message(FATAL_ERROR "${FROM} says no version")
endif()
file(WRITE "${TO}" "${LOWERED}")
