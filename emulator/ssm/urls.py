"""Where moto finds Systems Manager: it looks for this module beside the backend's `models`."""

from moto.ssm import urls

from emulator.ssm.responses import SsmResponse

url_bases = urls.url_bases
url_paths = {"{0}/$": SsmResponse.dispatch}
