"""Where moto finds IAM: it looks for this module beside the backend's `models`."""

from moto.iam import urls

from emulator.iam.responses import IamResponse

url_bases = urls.url_bases
url_paths = {"{0}/$": IamResponse.dispatch}
