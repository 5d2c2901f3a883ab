#include "proto/template/value.h"

namespace lc::templates {
namespace {

const Document* borrowed(const Value& value, Document::value_t type) {
  const auto* held = std::get_if<Borrowed>(&value.data);
  return held != nullptr && held->document->type() == type ? held->document : nullptr;
}

const auto& member_of(const Document& document, std::size_t index) {
  return document.get_ref<const Document::object_t&>().data()[index];
}

}  // namespace

std::optional<ListView> ListView::of(const Value& value) {
  ListView view;
  view.borrowed_ = borrowed(value, Document::value_t::array);
  if (const auto* sequence = std::get_if<SequencePtr>(&value.data)) {
    view.owned_ = sequence->get();
  }
  if (view.borrowed_ == nullptr && view.owned_ == nullptr) {
    return std::nullopt;
  }
  return view;
}

std::size_t ListView::size() const {
  return owned_ != nullptr ? owned_->items.size() : borrowed_->size();
}

Outcome<Value> ListView::at(std::size_t index) const {
  if (owned_ != nullptr) {
    return owned_->items[index];
  }
  return borrow((*borrowed_)[index]);
}

std::optional<MapView> MapView::of(const Value& value) {
  MapView view;
  view.borrowed_ = borrowed(value, Document::value_t::object);
  if (const auto* mapping = std::get_if<MappingPtr>(&value.data)) {
    view.owned_ = mapping->get();
  }
  if (view.borrowed_ == nullptr && view.owned_ == nullptr) {
    return std::nullopt;
  }
  return view;
}

std::size_t MapView::size() const {
  return owned_ != nullptr ? owned_->members.size() : borrowed_->size();
}

std::string_view MapView::key(std::size_t index) const {
  return owned_ != nullptr ? owned_->members[index].first.view
                           : std::string_view(member_of(*borrowed_, index).first);
}

Value MapView::key_value(std::size_t index) const {
  return owned_ != nullptr ? Value{owned_->members[index].first} : make_borrowed_text(key(index));
}

Outcome<Value> MapView::at(std::size_t index) const {
  if (owned_ != nullptr) {
    return owned_->members[index].second;
  }
  return borrow(member_of(*borrowed_, index).second);
}

std::optional<std::size_t> MapView::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (key(i) == wanted) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace lc::templates
