// See arena.cc.
#pragma once

namespace thalia {

// Makes large tensors from here on take their memory from the arena.
void install_arena();
// Gives what no tensor uses back to the system.
void empty_arena();

}  // namespace thalia
