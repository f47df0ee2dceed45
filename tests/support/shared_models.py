"""What botocore works out of its service models, worked out once for every client of a test run.

A client costs some 13 ms of CPU, and the tests make thousands: nearly all of it goes into what is
the same in every client of a service. Events, credentials, settings and connections stay each
client's own, and all that is announced while one is made is announced.
"""

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import botocore.client
import botocore.hooks
import botocore.session
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.utils import EVENT_ALIASES

import rule.clients

_SESSION: Any = botocore.session
_CREATOR: Any = botocore.client.ClientCreator
_HOOKS: Any = botocore.hooks
"""What botocore keeps to itself has no types."""
_RULE: Any = rule.clients
_LOADER: Any = create_loader()
_ALIASES = dict[str, str]()
"""Names of events, as they are by botocore's own table of aliases."""
_MODELS = dict[int, ServiceModel]()
"""By the description that they were made of, which they hold."""
_TAKES_ALL: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""Of functions whether they take any keyword, as botocore asks of every handler."""
_make_methods = _CREATOR._create_methods
_begin_aliaser = _HOOKS.EventAliaser.__init__
_ask = _HOOKS.accepts_kwargs
_leave_out = _RULE.leave_unread


def share_models() -> None:
    """Share, from now until the process ends, what is the same in every client of a service."""
    _SESSION.create_loader = _find_loader
    _CREATOR._load_service_model, _CREATOR._create_methods = _load_model, _copy_methods
    _HOOKS.EventAliaser.__init__ = _init_aliaser
    _HOOKS._PrefixTrie.__copy__ = _copy_trie
    _HOOKS.accepts_kwargs = _accepts_kwargs
    _RULE.leave_unread = _leave_unread


def _find_loader(search_paths: str | None = None) -> Any:
    """Return the one loader, or a new one for whoever has models of his own."""
    if search_paths:
        return create_loader(search_paths)
    # Each session of boto3 adds its own folder.
    _LOADER._search_paths[:] = dict.fromkeys(_LOADER._search_paths)
    return _LOADER


def _leave_unread(core: Any) -> None:
    """Let the rule's session have models of its own, as in Lambda: it takes parts out of them."""
    core.register_component("data_loader", create_loader())
    _leave_out(core)


def _load_model(creator: Any, service: str, api_version: str | None = None) -> ServiceModel:
    described = creator._loader.load_service_model(service, "service-2", api_version=api_version)
    if id(described) not in _MODELS:
        _MODELS[id(described)] = ServiceModel(described, service_name=service)
    return _MODELS[id(described)]


@cache
def _keep_methods(model: ServiceModel) -> dict[str, Any]:
    return dict[str, Any]()


def _copy_methods(creator: Any, model: ServiceModel) -> dict[str, Any]:
    """Return a class's methods in a dict of its own, as whoever is told of it may add some."""
    methods = _keep_methods(model)
    if not methods:
        methods.update(_make_methods(creator, model))
    return dict(methods)


def _init_aliaser(aliaser: Any, emitter: Any, aliases: dict[str, str] | None = None) -> None:
    _begin_aliaser(aliaser, emitter, aliases)
    if aliaser._event_aliases == EVENT_ALIASES:
        aliaser._alias_name_cache = _ALIASES


def _accepts_kwargs(handler: Callable[..., Any]) -> Any:
    """Return what botocore would; a method is a function that is asked once for all its objects."""
    function = getattr(handler, "__func__", handler)
    if not isinstance(function, FunctionType):
        return _ask(handler)
    if function not in _TAKES_ALL:
        _TAKES_ALL[function] = _ask(handler)
    return _TAKES_ALL[function]


def _copy_trie(trie: Any) -> Any:
    copied = _HOOKS._PrefixTrie()
    copied._root = _copy_node(trie._root)
    return copied


def _copy_node(node: dict[str, Any]) -> dict[str, Any]:
    """Do what botocore does, without asking `copy` for every list."""
    values = node["values"]
    return {
        "chunk": node["chunk"],
        "children": {part: _copy_node(child) for part, child in node["children"].items()},
        "values": values and _HOOKS.NodeList(values.first[:], values.middle[:], values.last[:]),
    }
