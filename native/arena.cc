// Memory of large tensors, whose pages stay with the process when a tensor goes: fresh ones cost a fault each, which for
// activations is more than computing them.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define THALIA_ARENA 1
#endif

#include "arena.h"

namespace thalia {

#if defined(THALIA_ARENA)
namespace {

constexpr size_t kLarge = 256 << 10, kPage = 4096, kStep = 64 << 20;

// One range of addresses, filled from its beginning: a request takes the first gap that it fits in, so that what is used
// lies together and no more pages are touched than the most that was in use at once, and the gaps between.
class Arena final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* memory = bytes < kLarge || !begin_ ? small_->raw_allocate(bytes) : take((bytes + kPage - 1) / kPage * kPage);
    return {memory, memory, &Arena::release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Arena::release; }
  void copy_data(void* to, const void* from, std::size_t count) const override { std::memcpy(to, from, count); }

  void give_back() {
    std::lock_guard lock(mutex_);
    for (const auto& [at, size] : gaps_) madvise(begin_ + at, size, MADV_DONTNEED);
  }

  static Arena& instance() {
    static auto* arena = new Arena;  // outlives every tensor
    return *arena;
  }

 private:
  Arena() {
    reserved_ = 2 * static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* range = mmap(nullptr, reserved_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin_ = range == MAP_FAILED ? nullptr : static_cast<char*>(range);
  }

  void* take(size_t size) {
    std::lock_guard lock(mutex_);
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      if (gap->second < size) continue;
      const auto [at, length] = *gap;
      gaps_.erase(gap);
      if (length > size) gaps_.emplace(at + size, length - size);
      sizes_[at] = size;
      return begin_ + at;
    }
    const size_t at = end_;
    make_usable(at + size);
    end_ += size;
    sizes_[at] = size;
    return begin_ + at;
  }

  void make_usable(size_t end) {
    if (end <= usable_) return;
    const size_t wanted = std::min(reserved_, (end + kStep - 1) / kStep * kStep);
    const bool fits = end <= wanted && mprotect(begin_ + usable_, wanted - usable_, PROT_READ | PROT_WRITE) == 0;
    TORCH_CHECK(fits, "not enough memory: ", end, " bytes of large tensors were refused");
    usable_ = wanted;
  }

  static void release(void* memory) {
    Arena& arena = instance();
    const auto* address = static_cast<char*>(memory);
    if (!arena.begin_ || address < arena.begin_ || address >= arena.begin_ + arena.reserved_) {
      if (memory) arena.small_->raw_deallocate(memory);
      return;
    }
    arena.put_back(static_cast<size_t>(address - arena.begin_));
  }

  void put_back(size_t at) {
    std::lock_guard lock(mutex_);
    auto size = sizes_.at(at);
    sizes_.erase(at);
    auto next = gaps_.lower_bound(at);
    if (next != gaps_.end() && next->first == at + size) {
      size += next->second;
      next = gaps_.erase(next);
    }
    if (next != gaps_.begin()) {
      auto before = std::prev(next);
      if (before->first + before->second == at) {
        before->second += size;
        return;
      }
    }
    gaps_.emplace_hint(next, at, size);
  }

  c10::Allocator* small_ = c10::GetDefaultCPUAllocator();
  std::mutex mutex_;
  char* begin_ = nullptr;
  size_t reserved_ = 0, usable_ = 0, end_ = 0;
  std::map<size_t, size_t> gaps_;             // offset and length, never two that touch
  std::unordered_map<size_t, size_t> sizes_;  // of what is in use, by offset
};

}  // namespace

void install_arena() { c10::SetCPUAllocator(&Arena::instance()); }
void empty_arena() { Arena::instance().give_back(); }

#else

void install_arena() {}
void empty_arena() {}

#endif

}  // namespace thalia
