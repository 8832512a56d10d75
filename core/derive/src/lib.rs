//! `#[derive(Attributes)]`: the attribute table of a kind or a nested block, from its struct.
//!
//! Field docs become the attribute's docs, field types its type, and `#[attribute(...)]` says what
//! a type cannot: `identity`, `fixed`, `option`, `write_only`, `label`, `default = EXPR`, `name = "…"`, and for
//! what removing it from the text means, `kept` or `removed = EXPR`. On the
//! struct, `#[attribute(check = FN)]` names a `fn(Self) -> Result<Self, Invalid>` that checks and
//! normalises the fields together.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Expr, Field, Fields, LitStr, parse_macro_input, spanned::Spanned};

/// Implements `drctl_core::schema::{Attributes, AttributeType}` for a struct with named fields.
#[proc_macro_derive(Attributes, attributes(attribute))]
pub fn derive_attributes(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}

/// What `kept` and `removed = EXPR` say.
enum Removal {
    Unset,
    Keeps,
    Becomes(Box<Expr>),
}

struct Parsed<'f> {
    field: &'f Field,
    name: String,
    docs: String,
    role: TokenStream,
    default: Option<Expr>,
    removal: Removal,
}

fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(input.span(), "Attributes is derived for structs"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(syn::Error::new(input.span(), "Attributes needs named fields"));
    };
    let parsed = fields.named.iter().map(parse_field).collect::<syn::Result<Vec<_>>>()?;
    let rows = parsed.iter().map(table_row);
    let reads = parsed.iter().map(|p| {
        let (ident, name, ty) = (&p.field.ident, &p.name, &p.field.ty);
        match &p.default {
            Some(default) => {
                quote! { #ident: ::drctl_core::schema::take_or::<#ty>(&mut values, #name, #default)? }
            }
            None => quote! { #ident: ::drctl_core::schema::take::<#ty>(&mut values, #name)? },
        }
    });
    let writes = parsed.iter().map(|p| {
        let (ident, name) = (&p.field.ident, &p.name);
        quote! { (#name, ::drctl_core::schema::AttributeType::to_value(&self.#ident)) }
    });
    let ident = &input.ident;
    let check = struct_check(&input.attrs)?.map_or(quote!(Ok(this)), |check| quote!(#check(this)));
    Ok(quote! {
        impl ::drctl_core::schema::Attributes for #ident {
            const ATTRIBUTES: &'static [::drctl_core::schema::Attribute] = &[#(#rows),*];
            fn from_values(
                mut values: ::std::collections::BTreeMap<::std::string::String, ::drctl_core::value::Value>,
            ) -> ::std::result::Result<Self, ::drctl_core::schema::Invalid> {
                let this = Self { #(#reads),* };
                ::drctl_core::schema::nothing_left(&values)?;
                #check
            }
            fn to_values(
                &self,
            ) -> ::std::collections::BTreeMap<::std::string::String, ::drctl_core::value::Value> {
                let all: ::std::vec::Vec<(&str, ::drctl_core::value::Value)> = ::std::vec![#(#writes),*];
                all.into_iter()
                    .filter(|(_, value)| *value != ::drctl_core::value::Value::Null)
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }
        }
        impl ::drctl_core::schema::AttributeType for #ident {
            const TYPE: ::drctl_core::schema::Type =
                ::drctl_core::schema::Type::Object(<Self as ::drctl_core::schema::Attributes>::ATTRIBUTES);
            fn from_value(
                value: ::drctl_core::value::Value,
            ) -> ::std::result::Result<Self, ::drctl_core::schema::Invalid> {
                match value {
                    ::drctl_core::value::Value::Object(map) => {
                        <Self as ::drctl_core::schema::Attributes>::from_values(map)
                    }
                    other => Err(::drctl_core::schema::Invalid::wrong_type("an object", &other)),
                }
            }
            fn to_value(&self) -> ::drctl_core::value::Value {
                ::drctl_core::value::Value::Object(<Self as ::drctl_core::schema::Attributes>::to_values(self))
            }
        }
    })
}

/// The function of `#[attribute(check = FN)]` on the struct, if there is one.
fn struct_check(attrs: &[syn::Attribute]) -> syn::Result<Option<Expr>> {
    let mut check = None;
    for attr in attrs.iter().filter(|a| a.path().is_ident("attribute")) {
        attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("check") {
                return Err(meta.error("expected check"));
            }
            check = Some(meta.value()?.parse::<Expr>()?);
            Ok(())
        })?;
    }
    Ok(check)
}

fn table_row(p: &Parsed<'_>) -> TokenStream {
    let (name, docs, role, ty) = (&p.name, &p.docs, &p.role, &p.field.ty);
    let optional = p.default.is_some();
    let default = match &p.default {
        Some(default) => quote! {
            || ::std::option::Option::Some(<#ty as ::drctl_core::schema::AttributeType>::to_value(&#default))
        },
        None => quote! { || ::std::option::Option::None },
    };
    let removal = match &p.removal {
        Removal::Unset => quote! { ::drctl_core::schema::Removal::Unset },
        Removal::Keeps => quote! { ::drctl_core::schema::Removal::Keeps },
        Removal::Becomes(value) => quote! {
            ::drctl_core::schema::Removal::Becomes(|| {
                <#ty as ::drctl_core::schema::AttributeType>::to_value(&::std::option::Option::Some(#value))
            })
        },
    };
    quote! {
        ::drctl_core::schema::Attribute {
            name: #name,
            docs: #docs,
            ty: <#ty as ::drctl_core::schema::AttributeType>::TYPE,
            required: <#ty as ::drctl_core::schema::AttributeType>::REQUIRED && !#optional,
            sensitive: <#ty as ::drctl_core::schema::AttributeType>::SENSITIVE,
            role: ::drctl_core::schema::Role::#role,
            canonical: ::drctl_core::schema::canonical::<#ty>,
            default: #default,
            removal: #removal,
        }
    }
}

fn parse_field(field: &Field) -> syn::Result<Parsed<'_>> {
    let ident = field.ident.as_ref().ok_or_else(|| syn::Error::new(field.span(), "a field needs a name"))?;
    let mut name = ident.to_string().trim_start_matches("r#").to_owned();
    let (mut docs, mut role, mut default, mut removal) = (Vec::new(), quote!(Managed), None, Removal::Unset);
    for attr in &field.attrs {
        if attr.path().is_ident("doc") {
            if let syn::Meta::NameValue(pair) = &attr.meta
                && let Expr::Lit(lit) = &pair.value
                && let syn::Lit::Str(text) = &lit.lit
            {
                docs.push(text.value().trim().to_owned());
            }
        } else if attr.path().is_ident("attribute") {
            attr.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("identity") => role = quote!(Identity),
                    Some("fixed") => role = quote!(Fixed),
                    Some("option") => role = quote!(Option),
                    Some("write_only") => role = quote!(WriteOnly),
                    Some("label") => role = quote!(Label),
                    Some("default") => default = Some(meta.value()?.parse::<Expr>()?),
                    Some("kept") => removal = Removal::Keeps,
                    Some("removed") => removal = Removal::Becomes(Box::new(meta.value()?.parse::<Expr>()?)),
                    Some("name") => name = meta.value()?.parse::<LitStr>()?.value(),
                    _ => {
                        return Err(meta.error(
                            "expected identity, fixed, option, write_only, label, default, kept, removed or name",
                        ));
                    }
                }
                Ok(())
            })?;
        }
    }
    if docs.is_empty() {
        return Err(syn::Error::new(field.span(), "an attribute needs a doc comment"));
    }
    Ok(Parsed { field, name, docs: docs.join("\n"), role, default, removal })
}
