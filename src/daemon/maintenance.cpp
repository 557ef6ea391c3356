#include "daemon/maintenance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/result.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/dump_file.h"
#include "daemon/pid_file.h"

namespace baton::daemon {

namespace {

using nlohmann::json;

constexpr int file_version = 1;
constexpr const char* file_title = "batond's note of a maintenance; baton maintenance off ends it";
constexpr double latest_date = 9e9;  // the year 2255, in seconds since 1970: an Instant has room for it

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

WallTime time_of(double utc) {
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(utc)));
}

std::optional<Duration> span_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const std::chrono::duration<double> span(value.get<double>());
  if (!(span.count() > 0) || span > limits::maintenance_longest) return std::nullopt;
  return std::chrono::duration_cast<Duration>(span);
}

// One line of so many bytes. It is shown on terminals and kept in events.
bool is_line(const json& value, std::size_t most) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= most &&
         std::ranges::none_of(text, [](unsigned char letter) { return letter < ' ' || letter == 0x7f; });
}

std::optional<WallTime> date_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const double utc = value.get<double>();
  return utc > 0 && utc < latest_date ? std::optional(time_of(utc)) : std::nullopt;
}

std::optional<Maintenance> maintenance_of(const json& text) {
  if (!text.is_object() || text.value("version", json()) != file_version) return std::nullopt;
  const auto since = date_of(text.value("since", json()));
  const json until = text.value("until", json());
  const json reason = text.value("reason", json());
  const json by = text.value("by", json());
  const json forced = text.value("forced", json());
  if (!since || (!until.is_null() && !date_of(until)) || !is_line(reason, limits::maintenance_reason_bytes) ||
      !is_line(by, limits::maintenance_by_bytes) || !forced.is_boolean()) {
    return std::nullopt;
  }
  return Maintenance{
      .since = *since, .until = date_of(until), .reason = reason, .by = by, .is_forced = forced.get<bool>()};
}

std::unexpected<std::string> not_obeyed(const std::string& path, std::string_view why) {
  return std::unexpected(fmt::format(
      "{} {}; it is not obeyed, and this node is in no maintenance: `baton maintenance on` begins one, `baton "
      "maintenance off` removes the file",
      path, why));
}

}  // namespace

json to_json(const Maintenance& maintenance) {
  const auto utc = [](WallTime time) { return seconds(time.time_since_epoch()); };
  return {{"since", utc(maintenance.since)},
          {"until", maintenance.until ? json(utc(*maintenance.until)) : json()},
          {"reason", maintenance.reason},
          {"by", maintenance.by},
          {"forced", maintenance.is_forced}};
}

std::string to_message(const MaintenanceOrder& order) {
  json message{{"id", order.id},
               {"maintenance", order.what == MaintenanceOrder::What::on ? "on" : "off"},
               {"force", order.is_forced},
               {"reason", order.reason},
               {"by", order.by}};
  if (order.lasts) message["for"] = seconds(*order.lasts);
  return message.dump();
}

std::optional<MaintenanceOrder> maintenance_order_of(ByteView message) {
  const json text = json::parse(message.begin(), message.end(), nullptr, false);
  if (!text.is_object() || !text.value("id", json()).is_number_unsigned()) return std::nullopt;
  const std::string what = text_of(text, "maintenance");
  if (what != "on" && what != "off") return std::nullopt;
  auto order = maintenance_order_of_request(text);
  if (!order) return std::nullopt;
  order->id = text["id"].get<std::uint64_t>();
  if (what == "off") order->what = MaintenanceOrder::What::off;
  return std::move(*order);
}

std::expected<MaintenanceOrder, std::string> maintenance_order_of_request(const json& request) {
  MaintenanceOrder order;
  if (const auto lasts = request.find("for"); lasts != request.end() && !lasts->is_null()) {
    order.lasts = span_of(*lasts);
    if (!order.lasts) return std::unexpected("for is a number of seconds, at most a year");
  }
  if (const auto force = request.find("force"); force != request.end()) {
    if (!force->is_boolean()) return std::unexpected("force is true or false");
    order.is_forced = force->get<bool>();
  }
  const auto take = [&](const char* key, std::size_t most, std::string& text) {
    const auto found = request.find(key);
    if (found == request.end()) return true;
    if (!is_line(*found, most)) return false;
    text = found->get<std::string>();
    return true;
  };
  if (!take("reason", limits::maintenance_reason_bytes, order.reason)) {
    return std::unexpected(fmt::format("reason is one line of at most {} bytes", limits::maintenance_reason_bytes));
  }
  if (!take("by", limits::maintenance_by_bytes, order.by)) {
    return std::unexpected(fmt::format("by is one line of at most {} bytes", limits::maintenance_by_bytes));
  }
  return order;
}

// ---------------------------------------------------------------- the file

std::string file_text(const Maintenance& maintenance) {
  json text = to_json(maintenance);
  text["version"] = file_version;
  text["is"] = file_title;
  return text.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

// Whoever may write it may silence this node: one that is not ours alone is not obeyed.
std::expected<std::optional<Maintenance>, std::string> read_maintenance(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!file) return not_obeyed(path, fmt::format("cannot be read ({})", std::strerror(errno)));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return not_obeyed(path, "is no regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) return not_obeyed(path, "belongs to another user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return not_obeyed(path, "can be written by others");
  std::array<char, limits::maintenance_file_bytes> buffer{};
  const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
  if (count < 0) return not_obeyed(path, fmt::format("cannot be read ({})", std::strerror(errno)));
  const json text = json::parse(buffer.data(), buffer.data() + count, nullptr, false);
  auto maintenance = maintenance_of(text);
  if (!maintenance) return not_obeyed(path, "is not as batond writes it");
  return maintenance;
}

SysResult<void> keep_maintenance(const std::string& path, const std::optional<Maintenance>& maintenance) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (maintenance) {
    make_directories(directory);
    TRY_VOID(replace_file(path, file_text(*maintenance), 0644, Durability::disk));
  } else if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    return last_error("remove " + path);
  }
  const UniqueFd place(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (place && ::fsync(place.get()) != 0 && errno != EINVAL) return last_error("write " + directory);
  return {};
}

}  // namespace baton::daemon
