"""Where moto finds Lambda: it looks for this module beside the backend's `models`."""

from moto.awslambda import urls

from emulator.awslambda.responses import AccountSettings

url_bases = urls.url_bases
url_paths = {
    **urls.url_paths,
    r"{0}/(?P<api_version>[^/]+)/account-settings/?$": AccountSettings.dispatch,
}
