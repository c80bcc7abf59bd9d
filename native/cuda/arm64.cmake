# For the parts that are the host's code (the TensorRT shim):
#   cmake -S . -B build/cmake-arm64 -DCMAKE_TOOLCHAIN_FILE=native/cuda/arm64.cmake -DPERIGEE_OUT=build/native-arm64
# The CUDA module is code for the card, the same for any host: the one that is built here serves too.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Programs (nvcc, ptxas) are this machine's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
