"""What the tests' identity provider says of a person: user name and groups, with the scope profile."""

from __future__ import annotations

from oauth2_provider.oauth2_validators import OAuth2Validator


class Claims(OAuth2Validator):
    """The claims beside the usual ones."""

    oidc_claim_scope = OAuth2Validator.oidc_claim_scope | {
        "preferred_username": "profile",
        "groups": "profile",
    }

    def get_additional_claims(self):
        """Return the claims by name, each with what it is of a request's person."""
        return {
            "preferred_username": lambda request: request.user.username,
            "groups": lambda request: sorted(request.user.groups.values_list("name", flat=True)),
        }

    def validate_silent_login(self, request):
        """Say that whoever is asked about without a page is signed in: the view answers for others itself."""
        return True

    def validate_silent_authorization(self, request):
        """Say that the person agreed: the one client needs no agreement."""
        return True
