// Copyright (c) 2026, the mfaops.auth0 contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Auth0 asks for MFA at every login for the MFA API, even if the user ticked the box. So the box would only mislead.
exports.onExecutePostLogin = async (event, api) => {
  const audience = event.resource_server?.identifier ?? "";
  if (audience.endsWith("/mfa/")) {
    api.multifactor.enable("any", { allowRememberBrowser: false });
  }
};
