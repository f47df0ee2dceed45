"""Where moto finds Organizations: it looks for this module beside the backend's `models`."""

from moto.organizations import urls

from emulator.organizations.responses import OrganizationsResponse

url_bases = urls.url_bases
url_paths = {"{0}/$": OrganizationsResponse.dispatch}
