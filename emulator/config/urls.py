"""Where moto finds AWS Config: it looks for this module beside the backend's `models`."""

from moto.config import urls

from emulator.config.responses import ConfigResponse

url_bases = urls.url_bases
url_paths = {"{0}/$": ConfigResponse.dispatch}
