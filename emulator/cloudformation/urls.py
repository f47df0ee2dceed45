"""Where moto finds CloudFormation: it looks for this module beside the backend's `models`."""

from moto.cloudformation import urls

from emulator.cloudformation.responses import StackSetResponse

url_bases = urls.url_bases
url_paths = {**urls.url_paths, "{0}/$": StackSetResponse.dispatch}
